#include "apps/sounder/table.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>
#include <numeric>
#include <sstream>

#include <fmt/format.h>
#include <unistd.h>

#include "apps/sounder/terminal.hpp"

namespace sounder::app {

namespace {

constexpr std::size_t gap = 2;            // between columns
constexpr std::size_t least_folded = 16;  // characters of a folded column
constexpr std::size_t unlimited = std::numeric_limits<std::size_t>::max();

std::vector<std::string> lines_of(const std::string& text) {
  std::vector<std::string> lines;
  std::istringstream in(text);
  for (std::string line; std::getline(in, line);) {
    lines.push_back(line);
  }
  return lines;
}

struct column {
  std::size_t number;
  std::size_t width;
  bool is_left;
};

std::string padded(const std::string& text, const column& in) {
  const std::string space(in.width - std::min(in.width, length(text)), ' ');
  return in.is_left ? text + space : space + text;
}

void add_row(const std::vector<std::string>& row,
             const std::vector<column>& columns, std::string& out) {
  std::vector<std::vector<std::string>> cells;
  std::size_t height = 1;
  for (const column& c : columns) {
    cells.push_back(lines_of(fold(row[c.number], c.width)));
    height = std::max(height, cells.back().size());
  }
  for (std::size_t k = 0; k < height; ++k) {
    std::string line;
    for (std::size_t i = 0; i < columns.size(); ++i) {
      line += i == 0 ? "" : std::string(gap, ' ');
      line += padded(k < cells[i].size() ? cells[i][k] : "", columns[i]);
    }
    line.erase(line.find_last_not_of(' ') + 1);
    out += line + '\n';
  }
}

}  // namespace

table::table(std::vector<std::string> titles, bool last_is_left)
    : rows_{std::move(titles)}, last_is_left_(last_is_left) {}

table& table::may_drop(std::vector<std::string> titles) {
  const std::vector<std::string>& all = rows_.front();
  for (const std::string& title : titles) {
    const auto found = std::find(all.begin() + 1, all.end(), title);
    if (found != all.end()) {
      drops_.push_back(static_cast<std::size_t>(found - all.begin()));
    }
  }
  return *this;
}

table& table::may_fold(std::size_t column) {
  folds_ = column;
  return *this;
}

void table::add(std::vector<std::string> cells) {
  cells.resize(rows_.front().size());
  rows_.push_back(std::move(cells));
}

std::vector<std::size_t> table::widths() const {
  std::vector<std::size_t> width(rows_.front().size(), 0);
  for (const auto& row : rows_) {
    for (std::size_t c = 0; c < row.size(); ++c) {
      width[c] = std::max(width[c], length(row[c]));
    }
  }
  return width;
}

/// What is left when columns are left out until the others have room, the one
/// that folds in least_folded characters.
std::vector<std::size_t> table::columns_for(std::size_t width) const {
  const std::vector<std::size_t> wide = widths();
  std::vector<std::size_t> columns(wide.size());
  std::iota(columns.begin(), columns.end(), std::size_t{0});
  const auto needed = [&] {
    std::size_t sum = gap * (columns.size() - 1);
    for (const std::size_t c : columns) {
      sum += c == folds_ ? std::min(wide[c], least_folded) : wide[c];
    }
    return sum;
  };
  for (const std::size_t least : drops_) {
    if (needed() <= width) {
      break;
    }
    columns.erase(std::find(columns.begin(), columns.end(), least));
  }
  return columns;
}

std::string table::text(std::optional<std::size_t> room) const {
  const std::vector<std::size_t> wide = widths();
  std::vector<column> columns;
  std::size_t sum = 0;
  for (const std::size_t c : columns_for(room.value_or(unlimited))) {
    const bool is_left = c == 0 || (last_is_left_ && c + 1 == wide.size());
    columns.push_back({c, wide[c], is_left});
    sum += wide[c] + (c == 0 ? 0 : gap);
  }
  // What is too much comes off the column that folds, then off the first.
  const auto narrow = [&](std::size_t number, std::size_t least) {
    for (column& c : columns) {
      const std::size_t over = sum - std::min(sum, room.value_or(unlimited));
      if (c.number == number && over > 0) {
        const std::size_t off =
            std::min(over, c.width - std::min(c.width, least));
        c = {number, c.width - off, true};
        sum -= off;
      }
    }
  };
  if (folds_) {
    narrow(*folds_, least_folded);
  }
  narrow(0, 1);
  std::string out;
  for (const auto& row : rows_) {
    add_row(row, columns, out);
  }
  return out;
}

std::string table::text() const {
  return text(terminal_columns(STDOUT_FILENO));
}

std::string percent(double fraction) {
  return fmt::format("{:.2f} %", 100.0 * fraction);
}

std::string seconds(double value) {
  if (value < 1.0) {
    return fmt::format("{:.3g} ms", value * 1e3);
  }
  return value < 100.0 ? fmt::format("{:.3g} s", value)
                       : fmt::format("{:.0f} s", value);
}

namespace {

std::string scaled(double value, double base,
                   const std::array<const char*, 5>& units) {
  std::size_t unit = 0;
  while (value >= 0.9995 * base && unit + 1 < units.size()) {
    value /= base;
    ++unit;
  }
  return value < 99.95 ? fmt::format("{:.3g} {}", value, units[unit])
                       : fmt::format("{:.0f} {}", value, units[unit]);
}

}  // namespace

std::string rate(double per_second) {
  return scaled(per_second, 1e3, {"/s", "k/s", "M/s", "G/s", "T/s"});
}

std::string bytes(double value) {
  return scaled(value, 1024.0, {"B", "KiB", "MiB", "GiB", "TiB"});
}

std::string number(double value) { return fmt::format("{:.6g}", value); }

}  // namespace sounder::app

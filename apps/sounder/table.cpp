#include "apps/sounder/table.hpp"

#include <algorithm>
#include <array>
#include <cmath>

#include <fmt/format.h>

namespace sounder::app {

table::table(std::vector<std::string> titles, bool last_is_bar)
    : rows_{std::move(titles)}, last_is_bar_(last_is_bar) {}

void table::add(std::vector<std::string> cells) {
  cells.resize(rows_.front().size());
  rows_.push_back(std::move(cells));
}

std::string table::text() const {
  const std::size_t columns = rows_.front().size();
  std::vector<std::size_t> width(columns, 0);
  for (const auto& row : rows_) {
    for (std::size_t c = 0; c < columns; ++c) {
      width[c] = std::max(width[c], row[c].size());
    }
  }
  std::string out;
  for (const auto& row : rows_) {
    std::string line;
    for (std::size_t c = 0; c < columns; ++c) {
      const bool left = c == 0 || (last_is_bar_ && c + 1 == columns);
      line += c == 0 ? "" : "  ";
      line += left ? fmt::format("{:<{}}", row[c], width[c])
                   : fmt::format("{:>{}}", row[c], width[c]);
    }
    line.erase(line.find_last_not_of(' ') + 1);
    out += line + '\n';
  }
  return out;
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

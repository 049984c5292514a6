#include "kernels/data/csv_layout.hpp"

#include <algorithm>
#include <array>
#include <cctype>
#include <cstdint>
#include <string_view>
#include <vector>

#include <fmt/format.h>

#include "kernels/data/data_error.hpp"
#include "kernels/data/number.hpp"

namespace sounder::kernels {

using namespace std::string_view_literals;

namespace {

constexpr std::size_t usual_head = std::size_t{64} << 10;
constexpr std::size_t longest_quoted = std::size_t{1} << 20;

/// Semicolons first: files that have them may have commas for points.
constexpr std::array separators = {';', '\t', ',', ' '};

/// 2,5: what some countries write for 2.5.
bool has_decimal_comma(std::string_view text) {
  const std::size_t comma = text.find(',');
  if (comma == text.npos) {
    return false;
  }
  std::string with_point(text);
  with_point[comma] = '.';
  return number_in(with_point).has_value();
}

/// What statistics packages write where a number is missing.
bool is_missing(std::string_view text) {
  static constexpr std::array words = {"na"sv,   "n/a"sv, "#n/a"sv,
                                       "null"sv, "nil"sv, "none"sv,
                                       "?"sv,    "-"sv,   "."sv};
  std::string small(text.substr(0, 8));
  std::transform(small.begin(), small.end(), small.begin(), [](char c) {
    return static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
  });
  return std::find(words.begin(), words.end(), small) != words.end();
}

/// A number or a failed one.
bool may_be_number(std::string_view text) {
  return number_in(text) || number_problem(text) != not_a_number ||
         has_decimal_comma(text) || is_missing(text);
}

bool is_header(const std::vector<csv_field>& fields) {
  bool has_title = false;
  for (const csv_field& field : fields) {
    if (!field.text.empty() && may_be_number(field.text)) {
      return false;
    }
    has_title = has_title || !field.text.empty();
  }
  return has_title;
}

/// Takes the next record that is not blank; false when there is no whole one.
bool next_content(std::string_view& text, char separator,
                  std::vector<csv_field>& fields) {
  while (!text.empty() && next_record(text, separator, fields)) {
    if (!is_blank_record(fields)) {
      return true;
    }
  }
  return false;
}

/// Whether this separator makes numbers of the lines below the first (of that
/// one, when it is alone).
bool makes_numbers(std::string_view head, char separator) {
  constexpr int most_records = 10;
  std::vector<csv_field> fields;
  bool numeric = false;
  for (int i = 0; i < most_records && next_content(head, separator, fields);
       ++i) {
    numeric = fields.size() > 1 &&
              std::all_of(fields.begin(), fields.end(), [](const auto& field) {
                return number_in(field.text).has_value();
              });
    if (!numeric && i > 0) {
      return false;
    }
  }
  return numeric;
}

char guess_separator(std::string_view head) {
  std::vector<csv_field> fields;
  for (const char c : separators) {
    if (makes_numbers(head, c)) {
      return c;
    }
  }
  for (const char c : separators) {
    std::string_view text = head;
    if (next_content(text, c, fields) && fields.size() > 1) {
      return c;
    }
  }
  return ',';
}

/// The first records in `head`, without one that is cut off.
std::string_view whole_lines(std::string_view head, bool is_all) {
  const std::size_t end = head.rfind('\n');
  return is_all || end == head.npos ? head : head.substr(0, end + 1);
}

/// Of a character in `text`, from 1.
std::uint64_t line_of(std::string_view text, std::size_t place) {
  return 1 + static_cast<std::uint64_t>(
                 std::count(text.begin(), text.begin() + place, '\n'));
}

/// The first record of a file.
struct first_record {
  std::vector<csv_field> fields;  // views of what is ahead
  std::uint64_t line = 0;         // 0: there is none
  std::size_t bytes = 0;          // up to its end
};

/// Where the first line that is not blank begins.
std::size_t first_content(std::string_view head) {
  const std::size_t first = head.find_first_not_of(" \t\r\n");
  if (first == head.npos) {
    return head.size();
  }
  const std::size_t end = head.substr(0, first).rfind('\n');
  return end == head.npos ? 0 : end + 1;
}

first_record find_first(line_blocks& text, char separator) {
  first_record found;
  for (std::size_t size = usual_head;; size *= 2) {
    const std::string_view head = text.ahead(size);
    const std::size_t begin = first_content(head);
    std::string_view rest = head.substr(begin);
    const bool is_closed =
        rest.empty() || next_record(rest, separator, found.fields);
    found.bytes = head.size() - rest.size();
    if (is_closed && (text.has_ended() ||
                      (found.bytes > begin && head[found.bytes - 1] == '\n'))) {
      found.line = begin < head.size() ? line_of(head, begin) : 0;
      return found;
    }
    if (!is_closed && (text.has_ended() || head.size() > longest_quoted)) {
      throw data_error(text.file().name(), line_of(head, begin),
                       fmt::format("column {}: the quote does not close",
                                   found.fields.size() + 1));
    }
    if (head.size() > longest_line) {
      throw data_error(text.file().name(),
                       "a line is longer than 1 GiB; is this text?");
    }
  }
}

std::string spelt(char separator) {
  return separator == '\t' ? "tab" : fmt::format("'{}'", separator);
}

void set_columns(csv_layout& layout, const csv_options& options,
                 std::size_t columns, const std::string& file,
                 std::uint64_t line) {
  layout.columns = columns;
  layout.label_column = columns;
  if (!options.has_labels) {
    return;
  }
  if (columns < 2) {
    throw data_error(file, line,
                     fmt::format("one column, but label and features need two; "
                                 "is the separator {}? (--separator)",
                                 spelt(layout.separator)));
  }
  layout.label_column = options.label_column < 0
                            ? columns - 1
                            : static_cast<std::size_t>(options.label_column);
  if (layout.label_column >= columns) {
    throw data_error(file, line,
                     fmt::format("no label column {} among {} columns, counted "
                                 "from 0",
                                 layout.label_column, columns));
  }
}

/// Says of a bad first record what nobody says of a later one.
void check_first(const first_record& first, const std::string& file) {
  for (std::size_t i = 0; i < first.fields.size(); ++i) {
    if (!number_in(first.fields[i].text)) {
      throw data_error(file, first.line,
                       field_problem(first.fields[i], i) +
                           "; if this line is a header, say so (--header yes)");
    }
  }
}

}  // namespace

csv_layout read_layout(line_blocks& text, const csv_options& options) {
  csv_layout layout;
  const std::string_view head = text.ahead(usual_head);
  layout.separator = options.separator != '\0'
                         ? options.separator
                         : guess_separator(whole_lines(head, text.has_ended()));
  const first_record first = find_first(text, layout.separator);
  if (first.line == 0) {
    return layout;
  }
  const std::string& file = text.file().name();
  set_columns(layout, options, first.fields.size(), file, first.line);
  if (options.header == csv_header::yes ||
      (options.header == csv_header::automatic && is_header(first.fields))) {
    text.skip(first.bytes);
  } else if (options.header == csv_header::automatic) {
    check_first(first, file);
  }
  return layout;
}

std::string field_problem(const csv_field& field, std::size_t column) {
  if (field.text.empty()) {
    return fmt::format("column {}: the field is empty", column + 1);
  }
  return fmt::format(
      "column {}: {} {}{}", column + 1, quoted(field.text),
      number_problem(field.text),
      has_decimal_comma(field.text) ? "; write a point, not a comma" : "");
}

}  // namespace sounder::kernels

#pragma once

// Records and fields of separated text, as RFC 4180 has them.

#include <cstddef>
#include <string_view>
#include <vector>

namespace sounder::kernels {

/// Whether `c` may separate fields: a tab, a blank, or a printable ASCII
/// character that no number and no quoted field contains.
bool is_separator(char c) noexcept;

/// A field without its quotes and without blanks, be they around the quotes or
/// in them. Otherwise it is as in the text: "" for a quote.
struct csv_field {
  std::string_view text;
  bool is_quoted = false;
};

/// Splits the record at the beginning of `text` into its fields and takes it,
/// with its '\n', off `text`. A field in quotes may have separators and line
/// ends in it. Quotes that do not open a field, or that something follows, are
/// characters like others. Where a blank is the separator, so is a tab, and
/// several in a row separate once.
///
/// Returns false, with `text` as it was and the complete fields in `fields`,
/// when a quote does not close.
bool next_record(std::string_view& text, char separator,
                 std::vector<csv_field>& fields);

/// Whether there are no fields in the line: it is empty, or blank.
inline bool is_blank_record(const std::vector<csv_field>& fields) noexcept {
  return fields.size() == 1 && fields[0].text.empty() && !fields[0].is_quoted;
}

}  // namespace sounder::kernels

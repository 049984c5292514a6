#pragma once

#include <string_view>

namespace sounder::kernels {

/// What some editors and spreadsheets put before UTF-8 text.
inline constexpr std::string_view byte_order_mark = "\xef\xbb\xbf";

/// `text` from behind the mark, when it begins with one.
constexpr std::string_view without_byte_order_mark(
    std::string_view text) noexcept {
  if (text.starts_with(byte_order_mark)) {
    text.remove_prefix(byte_order_mark.size());
  }
  return text;
}

/// Whether `text` begins as UTF-16 does, in either byte order: nothing that
/// our readers know.
constexpr bool is_utf_16(std::string_view text) noexcept {
  return text.starts_with("\xff\xfe") || text.starts_with("\xfe\xff");
}
inline constexpr std::string_view utf_16_problem =
    "is text in UTF-16; save it as UTF-8";

}  // namespace sounder::kernels

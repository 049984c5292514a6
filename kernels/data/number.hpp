#pragma once

// Decimal numbers in text, for the readers of this folder.

#include <array>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace sounder::kernels {

inline bool is_digit(char c) noexcept {
  return static_cast<unsigned char>(c - '0') < 10;
}

/// What parse_float does with everything but short decimals.
const char* parse_any_float(const char* first, const char* last,
                            float& value) noexcept;

/// Reads the finite decimal number at `first`, as exactly as fast_float does,
/// with an optional leading '+'. Returns the end of the number, or nullptr
/// when there is none, it is not finite or too large (see number_problem).
/// A number too small for a float is zero.
///
/// The text needs a byte at or before `last` that no number contains, such as
/// the end of the line: the scan stops there and nowhere else.
///
/// Method:   up to 15 digits without exponent make an exact double quotient
///           m / 10^k with one rounding. Rounding that to float again is
///           right unless the first one landed on the middle of two floats;
///           then, and for all other forms, fast_float decides.
inline const char* parse_float(const char* first, const char* last,
                               float& value) noexcept {
  static constexpr std::array<double, 16> power_of_ten = {
      1e0, 1e1, 1e2,  1e3,  1e4,  1e5,  1e6,  1e7,
      1e8, 1e9, 1e10, 1e11, 1e12, 1e13, 1e14, 1e15};
  const bool negative = *first == '-';
  const char* p = first + (negative || *first == '+' ? 1 : 0);
  std::uint64_t digits = 0;
  const char* whole = p;
  for (; is_digit(*p); ++p) {
    digits = 10 * digits + static_cast<std::uint64_t>(*p - '0');
  }
  auto count = p - whole;
  std::size_t decimals = 0;
  if (*p == '.') {
    const char* fraction = ++p;
    for (; is_digit(*p); ++p) {
      digits = 10 * digits + static_cast<std::uint64_t>(*p - '0');
    }
    decimals = static_cast<std::size_t>(p - fraction);
    count += p - fraction;
  }
  if (count == 0 || count > 15 || (*p | 0x20) == 'e') [[unlikely]] {
    return parse_any_float(first, last, value);
  }
  const double exact = static_cast<double>(digits) / power_of_ten[decimals];
  constexpr std::uint64_t below_float = (std::uint64_t{1} << 29) - 1;
  constexpr std::uint64_t middle = std::uint64_t{1} << 28;
  if ((std::bit_cast<std::uint64_t>(exact) & below_float) == middle)
      [[unlikely]] {
    return parse_any_float(first, last, value);
  }
  value = static_cast<float>(negative ? -exact : exact);
  return p;
}

/// `token` as a whole as a finite number, or nothing; needs no end byte.
std::optional<float> number_in(std::string_view token) noexcept;

/// Why `token` as a whole is none: not_a_number, "is not finite" or "is too
/// large for a float".
std::string_view number_problem(std::string_view token) noexcept;
inline constexpr std::string_view not_a_number = "is not a number";

/// `token` in quotes for a message: cut when long, with unprintable bytes
/// shown as '?'.
std::string quoted(std::string_view token);

}  // namespace sounder::kernels

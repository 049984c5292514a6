#include "kernels/data/number.hpp"

#include <cmath>

#include <fast_float/fast_float.h>

namespace sounder::kernels {

namespace {

/// fast_float with a leading '+', which it does not know.
fast_float::from_chars_result from_chars(const char* first, const char* last,
                                         float& value) noexcept {
  if (last - first > 1 && first[0] == '+' && first[1] != '-') {
    ++first;
  }
  return fast_float::from_chars(first, last, value);
}

}  // namespace

const char* parse_any_float(const char* first, const char* last,
                            float& value) noexcept {
  const auto result = from_chars(first, last, value);
  // Out of range covers both ends; the small one is zero.
  const bool usable =
      result.ec != std::errc::invalid_argument && std::isfinite(value);
  return usable ? result.ptr : nullptr;
}

std::optional<float> number_in(std::string_view token) noexcept {
  float value = 0;
  const char* last = token.data() + token.size();
  const bool whole =
      !token.empty() && parse_any_float(token.data(), last, value) == last;
  return whole ? std::optional(value) : std::nullopt;
}

std::string_view number_problem(std::string_view token) noexcept {
  float value = 0;
  const char* last = token.data() + token.size();
  const auto result = from_chars(token.data(), last, value);
  if (result.ec == std::errc::invalid_argument || result.ptr != last ||
      std::isfinite(value)) {
    return not_a_number;
  }
  const bool spelt_out = token.find_first_of("nN") != token.npos;  // inf, nan
  return spelt_out ? "is not finite" : "is too large for a float";
}

std::string quoted(std::string_view token) {
  constexpr std::size_t longest = 24;
  std::string text = "'";
  for (const char c : token.substr(0, longest)) {
    text += c >= ' ' && c <= '~' ? c : '?';
  }
  return text + (token.size() > longest ? "...'" : "'");
}

}  // namespace sounder::kernels

#include "kernels/network/layer.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <stdexcept>
#include <string_view>

#include "kernels/nearest.hpp"

namespace sounder::kernels {

start_values he_start(std::size_t fan_in) noexcept {
  return {start_values::kind::normal,
          static_cast<float>(std::sqrt(2.0 / static_cast<double>(fan_in)))};
}

start_values xavier_start(std::size_t fan_in, std::size_t fan_out) noexcept {
  return {start_values::kind::uniform,
          static_cast<float>(
              std::sqrt(6.0 / static_cast<double>(fan_in + fan_out)))};
}

start_values start_by_name(const std::string& text, std::size_t fan_in,
                           std::size_t fan_out) {
  if (text == "he") {
    return he_start(fan_in);
  }
  if (text == "xavier") {
    return xavier_start(fan_in, fan_out);
  }
  const std::size_t colon = text.find(':');
  const std::string name = text.substr(0, colon);
  if (colon != text.npos && (name == "normal" || name == "uniform")) {
    float scale = 0.0F;
    const char* const end = text.data() + text.size();
    const auto read = std::from_chars(text.data() + colon + 1, end, scale);
    if (read.ec == std::errc() && read.ptr == end && std::isfinite(scale) &&
        scale >= 0.0F) {
      return {name == "normal" ? start_values::kind::normal
                               : start_values::kind::uniform,
              scale};
    }
  }
  constexpr std::array<std::string_view, 4> known = {"he", "xavier", "normal",
                                                     "uniform"};
  const bool is_known =
      std::find(known.begin(), known.end(), name) != known.end();
  throw std::invalid_argument("start '" + text +
                              "' is none of he, xavier, normal:DEVIATION, "
                              "uniform:BOUND" +
                              (is_known ? "" : did_you_mean(name, known)));
}

}  // namespace sounder::kernels

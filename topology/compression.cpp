#include "topology/compression.hpp"

#include <cstdlib>
#include <stdexcept>
#include <vector>

#include "kernels/nearest.hpp"

namespace sounder::topology {

std::string_view name(const compression& how) noexcept {
  return kind_name(how);
}

compression parse_compression(std::string_view text) {
  const std::string all(text);
  std::vector<std::string_view> names;
  for (const compression& plain :
       {compression{as_is{}}, compression{fp16{}}, compression{bf16{}},
        compression{int8{}}, compression{top_k{}}}) {
    if (name(plain) == text) {
      return plain;
    }
    names.push_back(name(plain));
  }
  constexpr std::string_view with_fraction = "top-k:";
  if (text.substr(0, with_fraction.size()) != with_fraction) {
    throw std::invalid_argument(
        "'" + all +
        "' is none of none, fp16, bf16, int8, top-k, "
        "top-k:FRACTION" +
        kernels::did_you_mean(text.substr(0, text.find(':')), names));
  }
  const std::string number = all.substr(with_fraction.size());
  char* end = nullptr;
  const double fraction = std::strtod(number.c_str(), &end);
  if (number.empty() || *end != '\0' || !(fraction > 0.0 && fraction < 0.5)) {
    throw std::invalid_argument("'" + all +
                                "': the fraction must be above 0 and below "
                                "0.5, e.g. top-k:0.01");
  }
  return top_k{fraction};
}

double compressed_bytes(const compression& how, double parameter_bytes) {
  if (const auto* largest = std::get_if<top_k>(&how)) {
    return 2.0 * largest->fraction * parameter_bytes;
  }
  if (std::holds_alternative<int8>(how)) {
    return parameter_bytes / 4.0 + parameter_bytes / 1024.0;
  }
  return std::holds_alternative<as_is>(how) ? parameter_bytes
                                            : parameter_bytes / 2.0;
}

std::string refusal(const compression& how, const exchange& rule) {
  if (std::holds_alternative<as_is>(how)) {
    return "";
  }
  const exchange_traits& traits = traits_of(rule);
  const std::string name(traits.name);
  const std::string why(traits.compression_because);
  if (traits.compression == compressible::not_at_all) {
    return name + " is not compressed, for " + why;
  }
  const bool leaves_out = std::holds_alternative<top_k>(how);
  if (leaves_out && traits.compression == compressible::all_numbers) {
    return name + " does not go with top-k, for " + why +
           "; choose fp16, bf16 or int8";
  }
  return "";
}

}  // namespace sounder::topology

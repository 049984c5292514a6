#include "topology/compression.hpp"

#include <charconv>
#include <optional>
#include <stdexcept>
#include <string>
#include <system_error>
#include <vector>

#include "kernels/nearest.hpp"

namespace sounder::topology {

std::string_view name(const compression& how) noexcept {
  return kind_name(how);
}

namespace {

void read(const std::string& value, const char* key, double& field,
          range allowed) {
  const char* const end = value.data() + value.size();
  const auto read = std::from_chars(value.data(), end, field);
  if (read.ec != std::errc() || read.ptr != end || !is_within(field, allowed)) {
    throw std::invalid_argument("'" + value + "' is no " + key + "; " +
                                limits(allowed));
  }
}

}  // namespace

compression parse_compression(std::string_view text) {
  const std::size_t colon = text.find(':');
  const std::string name(text.substr(0, colon));
  std::vector<std::string_view> names;
  std::string forms;
  std::optional<compression> found;
  for_each_alternative<compression>([&](auto form) {
    names.push_back(form.traits.name);
    forms += (forms.empty() ? "" : ", ") + std::string(form.traits.name);
    if (name == form.traits.name && colon == std::string_view::npos) {
      found = form;
    }
    auto field = [&](const char* key, double& value, range allowed) {
      forms += ", " + std::string(form.traits.name) + ":" + key;
      if (name == form.traits.name && colon != std::string_view::npos) {
        read(std::string(text.substr(colon + 1)), key, value, allowed);
        found = form;
      }
    };
    for_each_field(form, field);
  });
  if (!found) {
    throw std::invalid_argument("'" + std::string(text) + "' is none of " +
                                forms + kernels::did_you_mean(name, names));
  }
  return *found;
}

double compressed_bytes(const compression& how, double parameter_bytes) {
  return std::visit(
      [=](const auto& form) { return form.bytes(parameter_bytes); }, how);
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
  const bool leaves_out =
      std::visit([](const auto& form) { return form.traits.leaves_out; }, how);
  if (leaves_out && traits.compression == compressible::all_numbers) {
    return name + " does not go with " + std::string(kind_name(how)) +
           ", for " + why + "; choose fp16, bf16 or int8";
  }
  return "";
}

}  // namespace sounder::topology

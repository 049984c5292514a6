#include "topology/exchange.hpp"

namespace sounder::topology {

const exchange_traits& traits_of(const exchange& rule) noexcept {
  return std::visit(
      [](const auto& e) -> const exchange_traits& { return e.traits; }, rule);
}

namespace {

/// Finds the field of that type.
struct age_finder {
  age found = {};

  void operator()(const char* /*key*/, const age& value, range) {
    found = value;
  }
  template <class Other>
  void operator()(const char* /*key*/, const Other& /*value*/, range) {}
};

}  // namespace

age age_of(const exchange& rule) noexcept {
  age_finder finder;
  std::visit([&](const auto& e) { for_each_field(e, finder); }, rule);
  return finder.found;
}

std::string_view name(const exchange& rule) noexcept {
  const auto* own = std::get_if<custom>(&rule);
  return own != nullptr ? own->name : traits_of(rule).name;
}

}  // namespace sounder::topology

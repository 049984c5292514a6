#include "topology/exchange.hpp"

namespace sounder::topology {

const exchange_traits& traits_of(const exchange& rule) noexcept {
  return std::visit(
      [](const auto& e) -> const exchange_traits& { return e.traits; }, rule);
}

std::string_view name(const exchange& rule) noexcept {
  const auto* own = std::get_if<custom>(&rule);
  return own != nullptr ? own->name : traits_of(rule).name;
}

}  // namespace sounder::topology

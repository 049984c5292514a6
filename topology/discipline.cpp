#include "topology/discipline.hpp"

namespace sounder::topology {

const discipline_traits& traits_of(const discipline& when) noexcept {
  return std::visit(
      [](const auto& d) -> const discipline_traits& { return d.traits; }, when);
}

std::string_view name(const discipline& when) noexcept {
  return traits_of(when).name;
}

std::optional<std::size_t> steps(const discipline& when) noexcept {
  return std::visit([](const auto& d) { return d.steps(); }, when);
}

bool is_synchronous(const discipline& when) noexcept {
  return std::visit([](const auto& d) { return d.is_synchronous(); }, when);
}

bool pulls(const discipline& when) noexcept {
  return std::visit([](const auto& d) { return d.pulls(); }, when);
}

bool excludes(const discipline& when) noexcept {
  return std::visit([](const auto& d) { return d.excludes(); }, when);
}

std::string_view timing(const discipline& when, std::size_t callers) noexcept {
  return std::visit([=](const auto& d) { return d.timing(callers); }, when);
}

}  // namespace sounder::topology

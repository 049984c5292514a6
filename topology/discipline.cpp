#include "topology/discipline.hpp"

#include <array>

namespace sounder::topology {

std::string_view name(const discipline& when) noexcept {
  static constexpr std::array<std::string_view, std::variant_size_v<discipline>>
      names = {"every",    "push-fetch",       "in-turn",
               "on-token", "random-neighbour", "barrier",
               "bounded",  "one-of-group"};
  return names[when.index()];
}

bool is_synchronous(const discipline& when) noexcept {
  const auto* const bound = std::get_if<bounded>(&when);
  return std::holds_alternative<barrier>(when) ||
         (bound != nullptr && bound->staleness == 0);
}

}  // namespace sounder::topology

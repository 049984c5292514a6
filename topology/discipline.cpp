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

}  // namespace sounder::topology

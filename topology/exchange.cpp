#include "topology/exchange.hpp"

#include <array>

namespace sounder::topology {

std::string_view name(const exchange& rule) noexcept {
  static constexpr std::array<std::string_view, std::variant_size_v<exchange>>
      names = {"add-delta", "overwrite",   "gradient",        "outer-step",
               "elastic",   "token-merge", "broadcast-delta", "pair-average",
               "mix",       "push-sum",    "all-reduce",      "custom"};
  if (const auto* own = std::get_if<custom>(&rule)) {
    return own->name;
  }
  return names[rule.index()];
}

}  // namespace sounder::topology

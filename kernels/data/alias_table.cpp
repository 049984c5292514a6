#include "kernels/data/alias_table.hpp"

#include <algorithm>

#include "kernels/assert.hpp"

// Compiled with -ffp-contract=off, see random.cpp.

namespace sounder::kernels {

alias_table::alias_table(std::span<const double> weights)
    : slots_(weights.size()) {
  double sum = 0.0;
  for (const double weight : weights) {
    sum += weight;
  }
  SOUNDER_ASSERT(sum > 0.0);
  // What each slot still has to give, in units of a slot; slots below one
  // are topped up by slots above.
  std::vector<double> share(weights.begin(), weights.end());
  std::vector<std::uint32_t> small;
  std::vector<std::uint32_t> large;
  const double unit = static_cast<double>(weights.size()) / sum;
  for (std::uint32_t i = 0; i < slots_.size(); ++i) {
    share[i] *= unit;
    slots_[i].alias = i;
    (share[i] < 1.0 ? small : large).push_back(i);
  }
  const auto threshold = [](double p) {
    return static_cast<std::uint32_t>(std::min(p * 0x1p32, 0x1p32 - 1.0));
  };
  while (!small.empty() && !large.empty()) {
    const std::uint32_t poor = small.back();
    const std::uint32_t rich = large.back();
    small.pop_back();
    slots_[poor] = {threshold(share[poor]), rich};
    share[rich] -= 1.0 - share[poor];
    if (share[rich] < 1.0) {
      large.pop_back();
      small.push_back(rich);
    }
  }
  // What is left is one but for rounding: its alias is itself.
}

}  // namespace sounder::kernels

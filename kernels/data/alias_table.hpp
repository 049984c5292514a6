#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "kernels/data/random.hpp"

namespace sounder::kernels {

/// Draws from a discrete distribution in constant time.
///
/// Source: Walker, "An efficient method for generating discrete random
///         variables with general distributions", TOMS 1977; built in O(n)
///         after Vose, IEEE TSE 1991.
/// Units:  probabilities are rounded to multiples of 2^-32 / n.
class alias_table {
 public:
  /// `weights` are at least 0 with a positive sum; at most 2^32 - 1 of them.
  explicit alias_table(std::span<const double> weights);

  std::uint32_t draw(random_stream& random) const noexcept {
    const std::uint64_t bits = random.next();
    const auto i =
        static_cast<std::uint32_t>((bits >> 32U) * slots_.size() >> 32U);
    const slot& s = slots_[i];
    return static_cast<std::uint32_t>(bits) < s.threshold ? i : s.alias;
  }

 private:
  /// Slot i answers i when a random number is below the threshold.
  struct slot {
    std::uint32_t threshold;
    std::uint32_t alias;
  };
  std::vector<slot> slots_;
};

}  // namespace sounder::kernels

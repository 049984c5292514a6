#pragma once

// Vectors of floats that exchanges and packers are tried on.

#include <cstddef>
#include <cstdint>
#include <vector>

#include "kernels/data/random.hpp"

namespace sounder::tests {

/// Thousandths in [-1, 1].
inline std::vector<float> random_vector(kernels::random_stream& random,
                                        std::size_t n) {
  std::vector<float> x(n);
  for (float& value : x) {
    value = static_cast<float>(random.below(2001)) / 1000.0F - 1.0F;
  }
  return x;
}

inline std::vector<float> times(float factor, std::vector<float> x) {
  for (float& value : x) {
    value *= factor;
  }
  return x;
}

/// Moves one in `among` by 1.
inline void move_some(std::vector<float>& x, kernels::random_stream& random,
                      std::uint32_t among) {
  for (float& value : x) {
    value += random.below(among) == 0 ? 1.0F : 0.0F;
  }
}

}  // namespace sounder::tests

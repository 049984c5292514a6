#pragma once

#include <cstddef>
#include <span>

namespace sounder::kernels {

/// A stretch of memory that is needed from step `first` to step `last`.
struct memory_use {
  std::size_t size = 0;  // floats
  std::size_t first = 0;
  std::size_t last = 0;
  std::size_t offset = 0;  // found by place()
};

/// Gives every stretch a place, so that none that are needed at the same
/// time overlap; returns the floats that hold all. Stretches begin at
/// multiples of 16 floats. Largest first, each as low as it fits: within a
/// few per cent of the least there can be on networks. Cost: O(n^2).
std::size_t place(std::span<memory_use> uses);

}  // namespace sounder::kernels

#pragma once

#include <cstddef>
#include <span>
#include <vector>

namespace sounder::kernels {

/// Who is in which group, by rank: {{0, 1, 2}} for a plain ring, {{0, 1},
/// {2, 3}} for two groups of two.
using reduce_groups = std::vector<std::vector<std::size_t>>;

/// Coordinates [first, last) that rank k of n looks after.
struct segment {
  std::size_t first;
  std::size_t last;
};
segment segment_of(std::size_t rank, std::size_t ranks,
                   std::size_t size) noexcept;

/// out = mean over all ranks of their vectors, in segment k. Within a group
/// the sum goes along the ring and ends with the owner of the segment, as it
/// does when the segments travel: k + 1, k + 2, ..., k. Group sums are added
/// up in the same way. So every way of computing it gives the same bits.
///
/// Source: ring all-reduce, Patarasuk and Yuan 2009; groups as in Jia et al.
///         2018. Cost: n reads a coordinate.
void mean_of_segment(std::span<const float* const> vectors,
                     const reduce_groups& groups, std::size_t k, segment part,
                     float* out) noexcept;

}  // namespace sounder::kernels

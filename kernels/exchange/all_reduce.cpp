#include "kernels/exchange/all_reduce.hpp"

#include <algorithm>
#include <array>

#include "kernels/shared_vector.hpp"

namespace sounder::kernels {

namespace {

constexpr std::size_t block = 2048;

void add(float* sum, const float* x, std::size_t n) noexcept {
#pragma omp simd
  for (std::size_t j = 0; j < n; ++j) {
    sum[j] += relaxed::load(x[j]);
  }
}

/// sum = the vectors of a group, beginning after its k-th member.
void sum_group(std::span<const float* const> vectors,
               const std::vector<std::size_t>& group, std::size_t k,
               std::size_t first, std::size_t n, float* sum) noexcept {
  const std::size_t size = group.size();
  relaxed::copy(vectors[group[(k + 1) % size]] + first, n, sum);
  for (std::size_t i = 2; i <= size; ++i) {
    add(sum, vectors[group[(k + i) % size]] + first, n);
  }
}

}  // namespace

segment segment_of(std::size_t rank, std::size_t ranks,
                   std::size_t size) noexcept {
  return {size * rank / ranks, size * (rank + 1) / ranks};
}

void mean_of_segment(std::span<const float* const> vectors,
                     const reduce_groups& groups, std::size_t k, segment part,
                     float* out) noexcept {
  const float share = 1.0F / static_cast<float>(vectors.size());
  std::array<float, block> sum;
  std::array<float, block> more;
  for (std::size_t at = part.first; at < part.last; at += block) {
    const std::size_t n = std::min(block, part.last - at);
    const std::size_t count = groups.size();
    for (std::size_t i = 1; i <= count; ++i) {
      const std::size_t g = (k + i) % count;
      float* const into = i == 1 ? sum.data() : more.data();
      sum_group(vectors, groups[g], k % groups[g].size(), at, n, into);
      if (i > 1) {
        add(sum.data(), more.data(), n);
      }
    }
#pragma omp simd
    for (std::size_t j = 0; j < n; ++j) {
      out[at + j] = sum[j] * share;
    }
  }
}

}  // namespace sounder::kernels

#include "kernels/data/feature_order.hpp"

#include <algorithm>
#include <bit>
#include <numeric>
#include <utility>

#include "kernels/assert.hpp"
#include "kernels/data/parallel.hpp"
#include "kernels/data/statistics.hpp"

namespace sounder::kernels {

namespace {

/// Sorts the pairs of a row by index; the pair travels as one number.
void sort_row(std::span<std::uint32_t> index, std::span<float> value,
              std::vector<std::uint64_t>& pairs) {
  pairs.resize(index.size());
  for (std::size_t k = 0; k < index.size(); ++k) {
    pairs[k] =
        std::uint64_t{index[k]} << 32U | std::bit_cast<std::uint32_t>(value[k]);
  }
  std::sort(pairs.begin(), pairs.end());
  for (std::size_t k = 0; k < index.size(); ++k) {
    index[k] = static_cast<std::uint32_t>(pairs[k] >> 32U);
    value[k] = std::bit_cast<float>(static_cast<std::uint32_t>(pairs[k]));
  }
}

/// to[target(k) * values + c] = from[source(k) * values + c].
template <class Source, class Target>
void move_blocks(std::span<const float> from, std::span<float> to,
                 std::size_t features, std::size_t values, const Source& source,
                 const Target& target) noexcept {
  SOUNDER_ASSERT(from.size() == features * values);
  SOUNDER_ASSERT(to.size() == features * values);
  for (std::uint32_t k = 0; k < features; ++k) {
    std::copy_n(from.data() + source(k) * values, values,
                to.data() + target(k) * values);
  }
}

}  // namespace

feature_order feature_order::identity(std::size_t features) {
  feature_order order;
  order.features_ = features;
  return order;
}

feature_order::feature_order(std::vector<std::uint32_t> originals)
    : features_(originals.size()),
      original_(std::move(originals)),
      internal_(original_.size(), static_cast<std::uint32_t>(features_)) {
  for (std::uint32_t k = 0; k < features_; ++k) {
    SOUNDER_ASSERT(original_[k] < features_);
    SOUNDER_ASSERT(internal_[original_[k]] == features_);
    internal_[original_[k]] = k;
  }
}

void feature_order::restore(std::span<const float> from, std::span<float> to,
                            std::size_t values_per_feature) const noexcept {
  move_blocks(
      from, to, features_, values_per_feature,
      [](std::uint32_t k) { return std::size_t{k}; },
      [this](std::uint32_t k) { return std::size_t{original(k)}; });
}

void feature_order::arrange(std::span<const float> from, std::span<float> to,
                            std::size_t values_per_feature) const noexcept {
  move_blocks(
      from, to, features_, values_per_feature,
      [this](std::uint32_t k) { return std::size_t{original(k)}; },
      [](std::uint32_t k) { return std::size_t{k}; });
}

feature_order by_frequency(const dataset& data, unsigned threads) {
  if (!data.is_sparse()) {
    return feature_order::identity(data.features());
  }
  const auto counts = feature_counts(data, threads);
  std::vector<std::uint32_t> ids(counts.size());
  std::iota(ids.begin(), ids.end(), 0U);
  const auto used_end = std::stable_partition(
      ids.begin(), ids.end(), [&](std::uint32_t u) { return counts[u] > 0; });
  std::stable_sort(
      ids.begin(), used_end,
      [&](std::uint32_t a, std::uint32_t b) { return counts[a] > counts[b]; });
  return feature_order(std::move(ids));
}

dataset renumber(dataset&& data, const feature_order& order, bool sort_rows,
                 unsigned threads) {
  SOUNDER_ASSERT(data.features() <= order.features());
  if (!data.is_sparse()) {
    return std::move(data);
  }
  if (data.empty() || (order.is_identity() && !sort_rows)) {
    return data.widened(order.features());
  }
  const std::size_t rows = data.rows();
  std::vector<float> labels(data.labels().begin(), data.labels().end());
  sparse_storage s = std::move(data).release_sparse();
  constexpr std::size_t rows_per_task = 4096;
  std::vector<std::vector<std::uint64_t>> pairs(thread_count(threads));
  run_tasks((rows + rows_per_task - 1) / rows_per_task, threads,
            [&](std::size_t task, unsigned worker) {
              const std::size_t first = task * rows_per_task;
              const std::size_t last = std::min(rows, first + rows_per_task);
              for (std::uint64_t k = s.start[first]; k < s.start[last]; ++k) {
                s.index[k] = order.internal(s.index[k]);
              }
              for (std::size_t i = first; sort_rows && i < last; ++i) {
                const std::uint64_t at = s.start[i];
                const std::size_t n = s.start[i + 1] - at;
                sort_row({s.index.data() + at, n}, {s.value.data() + at, n},
                         pairs[worker]);
              }
            });
  return {std::move(s), std::move(labels), order.features()};
}

}  // namespace sounder::kernels

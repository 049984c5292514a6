#include "kernels/data/feature_order.hpp"

#include <algorithm>
#include <atomic>
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

/// Takes the pairs out whose index is none of the features'. Rows may become
/// empty.
void leave_out(sparse_storage& s, std::size_t features) {
  std::uint64_t kept = 0;
  std::uint64_t k = 0;
  for (std::size_t i = 0; i + 1 < s.start.size(); ++i) {
    for (; k < s.start[i + 1]; ++k) {
      if (s.index[k] < features) {
        s.index[kept] = s.index[k];
        s.value[kept] = s.value[k];
        ++kept;
      }
    }
    s.start[i + 1] = kept;
  }
  s.index.resize(kept);
  s.value.resize(kept);
}

}  // namespace

feature_order feature_order::identity(std::size_t features) {
  feature_order order;
  order.features_ = features;
  order.width_ = features;
  return order;
}

feature_order::feature_order(std::vector<std::uint32_t> originals,
                             std::size_t width)
    : features_(originals.size()),
      width_(width),
      original_(std::move(originals)),
      internal_(width, static_cast<std::uint32_t>(features_)) {
  for (std::uint32_t k = 0; k < features_; ++k) {
    SOUNDER_ASSERT(original_[k] < width);
    SOUNDER_ASSERT(internal_[original_[k]] == features_);
    internal_[original_[k]] = k;
  }
}

void feature_order::restore(std::span<const float> from, std::span<float> to,
                            std::size_t values) const noexcept {
  SOUNDER_ASSERT(from.size() == features_ * values);
  SOUNDER_ASSERT(to.size() == width_ * values);
  std::fill(to.begin(), to.end(), 0.0F);
  for (std::uint32_t k = 0; k < features_; ++k) {
    std::copy_n(from.data() + k * values, values,
                to.data() + original(k) * values);
  }
}

void feature_order::arrange(std::span<const float> from, std::span<float> to,
                            std::size_t values) const noexcept {
  SOUNDER_ASSERT(from.size() == width_ * values);
  SOUNDER_ASSERT(to.size() == features_ * values);
  for (std::uint32_t k = 0; k < features_; ++k) {
    std::copy_n(from.data() + original(k) * values, values,
                to.data() + k * values);
  }
}

feature_order by_frequency(const dataset& data, unused_features unused,
                           unsigned threads) {
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
  if (unused == unused_features::leave_out && used_end != ids.begin()) {
    ids.erase(used_end, ids.end());
  }
  return {std::move(ids), counts.size()};
}

dataset renumber(dataset&& data, const feature_order& order, bool sort_rows,
                 unsigned threads) {
  SOUNDER_ASSERT(data.features() <= order.width());
  if (!data.is_sparse()) {
    return std::move(data);
  }
  if (data.empty() || (order.is_identity() && !sort_rows)) {
    return data.widened(order.features());
  }
  const std::size_t rows = data.rows();
  std::vector<float> labels(data.labels().begin(), data.labels().end());
  std::vector<float> weights(data.weights().begin(), data.weights().end());
  sparse_storage s = std::move(data).release_sparse();
  constexpr std::size_t rows_per_task = 4096;
  std::vector<std::vector<std::uint64_t>> pairs(thread_count(threads));
  std::atomic<bool> is_complete{true};
  run_tasks((rows + rows_per_task - 1) / rows_per_task, threads,
            [&](std::size_t task, unsigned worker) {
              const std::size_t first = task * rows_per_task;
              const std::size_t last = std::min(rows, first + rows_per_task);
              for (std::uint64_t k = s.start[first]; k < s.start[last]; ++k) {
                s.index[k] = order.internal(s.index[k]);
                if (s.index[k] == order.features()) {
                  is_complete.store(false, std::memory_order_relaxed);
                }
              }
              for (std::size_t i = first; sort_rows && i < last; ++i) {
                const std::uint64_t at = s.start[i];
                const std::size_t n = s.start[i + 1] - at;
                sort_row({s.index.data() + at, n}, {s.value.data() + at, n},
                         pairs[worker]);
              }
            });
  if (!is_complete.load()) {
    leave_out(s, order.features());
  }
  return dataset(std::move(s), std::move(labels), order.features())
      .with_weights(std::move(weights));
}

}  // namespace sounder::kernels

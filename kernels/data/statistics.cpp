#include "kernels/data/statistics.hpp"

#include <algorithm>
#include <functional>
#include <limits>
#include <mutex>

#include "kernels/data/parallel.hpp"

namespace sounder::kernels {

namespace {

/// Calls visit(row, feature, value) for every value that is not 0, row by
/// row.
template <class Visit>
void for_each_nonzero(const dataset& data, const Visit& visit) {
  const auto dense = [&](const auto& rows) {
    for (std::size_t i = 0; i < data.rows(); ++i) {
      for (std::size_t u = 0; u < rows.features; ++u) {
        const auto raw = static_cast<float>(rows.value[i * rows.features + u]);
        const float value = raw * rows.scale + rows.shift;
        if (value != 0.0F) {
          visit(i, u, value);
        }
      }
    }
  };
  switch (data.layout()) {
    case layout::sparse: {
      const sparse_rows rows = data.sparse();
      for (std::size_t i = 0; i < data.rows(); ++i) {
        for (std::uint64_t k = rows.start[i]; k < rows.start[i + 1]; ++k) {
          if (rows.value[k] != 0.0F) {
            visit(i, std::size_t{rows.index[k]}, rows.value[k]);
          }
        }
      }
      break;
    }
    case layout::dense_float:
      dense(data.floats());
      break;
    case layout::dense_byte:
      dense(data.bytes_view());
      break;
  }
}

std::vector<std::pair<float, std::uint64_t>> count_labels(
    std::span<const float> labels) {
  std::vector<float> sorted(labels.begin(), labels.end());
  std::sort(sorted.begin(), sorted.end());
  std::vector<std::pair<float, std::uint64_t>> counts;
  for (const float label : sorted) {
    if (counts.empty() || counts.back().first != label) {
      counts.emplace_back(label, 0);
    }
    ++counts.back().second;
  }
  return counts;
}

void count_heads(std::vector<std::uint64_t> per_feature, data_statistics& s) {
  std::sort(per_feature.begin(), per_feature.end(), std::greater<>());
  const auto unused =
      std::find(per_feature.begin(), per_feature.end(), std::uint64_t{0});
  s.used_features = static_cast<std::size_t>(unused - per_feature.begin());
  std::uint64_t sum = 0;
  std::size_t u = 0;
  for (std::size_t h = 0; h < s.head_sizes.size() && s.nonzeros > 0; ++h) {
    for (; u < std::min(s.head_sizes[h], per_feature.size()); ++u) {
      sum += per_feature[u];
    }
    s.head_share[h] =
        static_cast<double>(sum) / static_cast<double>(s.nonzeros);
  }
}

void count_rows(std::span<const std::uint64_t> per_row, data_statistics& s) {
  const auto [least, most] =
      std::minmax_element(per_row.begin(), per_row.end());
  s.row_min = *least;
  s.row_max = *most;
  s.row_mean =
      static_cast<double>(s.nonzeros) / static_cast<double>(per_row.size());
}

}  // namespace

std::vector<std::uint32_t> feature_counts(const dataset& data,
                                          unsigned threads) {
  if (!data.is_sparse() || data.empty()) {
    const auto rows = static_cast<std::uint32_t>(data.rows());
    return std::vector<std::uint32_t>(data.features(), rows);
  }
  // Each part has counters of its own, so parts should be large.
  const sparse_rows rows = data.sparse();
  const std::uint64_t first = rows.start[0];
  const std::uint64_t n = data.nonzeros();
  const std::uint64_t worth_a_part =
      std::max<std::uint64_t>(1U << 20U, 4 * data.features());
  const std::uint64_t parts =
      std::clamp<std::uint64_t>(n / worth_a_part, 1, thread_count(threads));
  std::vector<std::uint32_t> counts;
  std::mutex lock;
  run_tasks(parts, threads, [&](std::size_t part, unsigned) {
    std::vector<std::uint32_t> own(data.features());
    const std::uint64_t last = first + n * (part + 1) / parts;
    for (std::uint64_t k = first + n * part / parts; k < last; ++k) {
      ++own[rows.index[k]];
    }
    const std::scoped_lock guard(lock);
    if (counts.empty()) {
      counts = std::move(own);
    } else {
      std::transform(own.begin(), own.end(), counts.begin(), counts.begin(),
                     std::plus<>());
    }
  });
  return counts;
}

data_statistics statistics(const dataset& data) {
  data_statistics s;
  s.rows = data.rows();
  s.features = data.features();
  s.bytes = data.bytes();
  s.labels = count_labels(data.labels());
  if (data.empty()) {
    return s;
  }
  std::vector<std::uint64_t> per_feature(data.features());
  std::vector<std::uint64_t> per_row(data.rows());
  float least = std::numeric_limits<float>::infinity();
  float most = -least;
  for_each_nonzero(data, [&](std::size_t row, std::size_t u, float value) {
    ++per_row[row];
    ++per_feature[u];
    ++s.nonzeros;
    least = std::min(least, value);
    most = std::max(most, value);
  });
  if (s.nonzeros > 0) {
    s.value_min = least;
    s.value_max = most;
    s.density = static_cast<double>(s.nonzeros) /
                (static_cast<double>(s.rows) * static_cast<double>(s.features));
  }
  count_rows(per_row, s);
  count_heads(std::move(per_feature), s);
  return s;
}

}  // namespace sounder::kernels

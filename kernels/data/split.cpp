#include "kernels/data/split.hpp"

#include <algorithm>
#include <cmath>
#include <cstring>
#include <limits>
#include <numeric>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

#include "kernels/assert.hpp"
#include "kernels/data/random.hpp"

namespace sounder::kernels {

namespace {

template <class T>
buffer<T> gather_dense(const dense_rows<T>& from,
                       std::span<const std::uint32_t> rows) {
  buffer<T> to(rows.size() * from.features);
  for (std::size_t i = 0; i < rows.size() && from.features > 0; ++i) {
    std::memcpy(to.data() + i * from.features,
                from.value + rows[i] * from.features,
                from.features * sizeof(T));
  }
  return to;
}

sparse_storage gather_sparse(const sparse_rows& from,
                             std::span<const std::uint32_t> rows) {
  sparse_storage to;
  to.start.resize(rows.size() + 1);
  for (std::size_t i = 0; i < rows.size(); ++i) {
    to.start[i + 1] =
        to.start[i] + from.start[rows[i] + 1] - from.start[rows[i]];
  }
  to.index.reserve(to.start[rows.size()]);
  to.value.reserve(to.start[rows.size()]);
  for (const std::uint32_t row : rows) {
    const std::uint64_t at = from.start[row];
    const std::size_t n = from.start[row + 1] - at;
    to.index.append({from.index + at, n});
    to.value.append({from.value + at, n});
  }
  return to;
}

std::vector<float> gather(std::span<const float> from,
                          std::span<const std::uint32_t> rows) {
  std::vector<float> to(from.empty() ? 0 : rows.size());
  for (std::size_t i = 0; i < to.size(); ++i) {
    SOUNDER_ASSERT(rows[i] < from.size());
    to[i] = from[rows[i]];
  }
  return to;
}

/// Without weights.
dataset gather(const dataset& data, std::span<const std::uint32_t> rows) {
  std::vector<float> labels = gather(data.labels(), rows);
  if (data.is_sparse()) {
    return {gather_sparse(data.sparse(), rows), std::move(labels),
            data.features()};
  }
  dense_storage storage;
  if (data.layout() == layout::dense_float) {
    storage.floats = gather_dense(data.floats(), rows);
  } else {
    const auto from = data.bytes_view();
    storage.bytes = gather_dense(from, rows);
    storage.scale = from.scale;
    storage.shift = from.shift;
  }
  return {std::move(storage), std::move(labels), data.features()};
}

}  // namespace

dataset select_rows(const dataset& data, std::span<const std::uint32_t> rows) {
  return gather(data, rows).with_weights(gather(data.weights(), rows));
}

train_test split(const dataset& data, double train_ratio, std::uint64_t seed) {
  if (!(train_ratio > 0.0 && train_ratio < 1.0)) {
    throw std::invalid_argument("split ratio " + std::to_string(train_ratio) +
                                " is not between 0 and 1; 0.8 keeps 80 % of "
                                "the samples for training");
  }
  const std::size_t rows = data.rows();
  SOUNDER_ASSERT(rows <= std::numeric_limits<std::uint32_t>::max());
  const auto kept = static_cast<std::size_t>(
      std::floor(static_cast<double>(rows) * train_ratio + 0.5));
  if (kept == 0 || kept == rows) {
    throw std::invalid_argument(
        "split ratio " + std::to_string(train_ratio) + " of " +
        std::to_string(rows) + " samples leaves " +
        (kept == 0 ? "none to train on" : "none to test on"));
  }
  std::vector<std::uint32_t> order(rows);
  std::iota(order.begin(), order.end(), 0U);
  random_stream random(seed);
  shuffle(std::span(order), random);
  const auto middle = order.begin() + static_cast<std::ptrdiff_t>(kept);
  std::sort(order.begin(), middle);
  std::sort(middle, order.end());
  return {select_rows(data, std::span(order).first(kept)),
          select_rows(data, std::span(order).subspan(kept))};
}

}  // namespace sounder::kernels

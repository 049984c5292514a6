#pragma once

// What the generators share; not for use elsewhere.

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <span>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

#include "kernels/data/dataset.hpp"
#include "kernels/data/parallel.hpp"
#include "kernels/data/random.hpp"

namespace sounder::kernels::detail {

/// Random streams of a set: one for the truth, two for each row.
inline random_stream truth_stream(std::uint64_t seed) {
  return random_stream(seed, 0);
}
inline random_stream shape_stream(std::uint64_t seed, std::size_t row) {
  return random_stream(seed, 2 * std::uint64_t{row} + 1);
}
inline random_stream value_stream(std::uint64_t seed, std::size_t row) {
  return random_stream(seed, 2 * std::uint64_t{row} + 2);
}

/// Throws std::invalid_argument unless in_range; say false for not-a-number.
void require(bool in_range, const std::string& name, double value,
             const std::string& range);

inline void require_sizes(std::size_t rows, std::size_t test_rows,
                          std::size_t features) {
  constexpr std::size_t most = std::numeric_limits<std::uint32_t>::max();
  const auto check = [](const char* name, std::size_t value,
                        std::size_t least) {
    require(least <= value && value <= most, name, static_cast<double>(value),
            "in [" + std::to_string(least) + ", 2^32)");
  };
  check("rows", rows, 1);
  check("test rows", test_rows, 0);
  check("features", features, 1);
}

/// The label of a decision value: its sign, flipped at random.
inline float noisy_sign(double margin, double noise, random_stream& random) {
  const bool flipped = random.uniform() < noise;
  return (margin >= 0.0) != flipped ? 1.0F : -1.0F;
}

/// truth.x in the order of the indices; every product is exact.
inline double dot(std::span<const float> truth,
                  std::span<const std::uint32_t> index,
                  std::span<const float> value) {
  double sum = 0.0;
  for (std::size_t k = 0; k < index.size(); ++k) {
    sum += double{truth[index[k]]} * double{value[k]};
  }
  return sum;
}

constexpr std::size_t rows_per_task = 1024;

/// Calls task(first, last, worker) for blocks of the rows [0, rows).
template <class Task>
void run_rows(std::size_t rows, unsigned threads, const Task& task) {
  const std::size_t blocks = (rows + rows_per_task - 1) / rows_per_task;
  run_tasks(blocks, threads, [&](std::size_t block, unsigned worker) {
    const std::size_t first = block * rows_per_task;
    task(first, std::min(rows, first + rows_per_task), worker);
  });
}

/// Rows [first, first + rows) of a sparse set. `length(row)` is the number of
/// its non-zeros; `fill(row, index, value, worker)` writes them and returns
/// the label. Both are called in parallel.
template <class Length, class Fill>
dataset sparse_set(std::size_t first, std::size_t rows, std::size_t features,
                   unsigned threads, const Length& length, const Fill& fill) {
  sparse_storage s;
  s.start.resize(rows + 1);
  run_rows(rows, threads, [&](std::size_t from, std::size_t to, unsigned) {
    for (std::size_t i = from; i < to; ++i) {
      s.start[i + 1] = length(first + i);
    }
  });
  for (std::size_t i = 0; i < rows; ++i) {
    s.start[i + 1] += s.start[i];
  }
  s.index.reserve(s.start[rows]);
  s.index.resize(s.start[rows]);
  s.value.reserve(s.start[rows]);
  s.value.resize(s.start[rows]);
  std::vector<float> labels(rows);
  run_rows(rows, threads,
           [&](std::size_t from, std::size_t to, unsigned worker) {
             for (std::size_t i = from; i < to; ++i) {
               const std::uint64_t at = s.start[i];
               const std::size_t n = s.start[i + 1] - at;
               labels[i] = fill(first + i, std::span(s.index.data() + at, n),
                                std::span(s.value.data() + at, n), worker);
             }
           });
  return {std::move(s), std::move(labels), features};
}

}  // namespace sounder::kernels::detail

#include "apps/bench/bare_loops.hpp"

#include <algorithm>
#include <atomic>
#include <barrier>
#include <chrono>
#include <cmath>
#include <memory>
#include <numeric>
#include <random>
#include <thread>

#include "kernels/shared_vector.hpp"

namespace sounder::bench {

namespace {

using clock = std::chrono::steady_clock;

float dot(const std::uint32_t* index, const float* value, std::size_t n,
          const float* w) {
  float sum = 0.0F;
#pragma omp simd reduction(+ : sum)
  for (std::size_t k = 0; k < n; ++k) {
    sum += value[k] * w[index[k]];
  }
  return sum;
}

/// Rows [first, last) of the walk, l2 by scale.
void walk_l2(const kernels::sparse_rows& rows, const float* label,
             const std::uint32_t* walk, std::size_t n, float* w, double scale,
             double step, double shrink) {
  for (std::size_t k = 0; k < n; ++k) {
    const std::uint32_t i = walk[k];
    const std::uint64_t begin = rows.start[i];
    const std::size_t size = rows.start[i + 1] - begin;
    const std::uint32_t* index = rows.index + begin;
    const float* value = rows.value + begin;
    const float z = static_cast<float>(scale) * dot(index, value, size, w);
    scale *= shrink;
    if (label[i] * z < 1.0F) {
      const float pull = static_cast<float>(step / scale) * label[i];
      for (std::size_t j = 0; j < size; ++j) {
        w[index[j]] += pull * value[j];
      }
    }
  }
}

/// The same with a decay of every touched weight.
void walk_per_touch(const kernels::sparse_rows& rows, const float* label,
                    const std::uint32_t* walk, std::size_t n, float* w,
                    const float* rate, float step) {
  for (std::size_t k = 0; k < n; ++k) {
    const std::uint32_t i = walk[k];
    const std::uint64_t begin = rows.start[i];
    const std::size_t size = rows.start[i + 1] - begin;
    const std::uint32_t* index = rows.index + begin;
    const float* value = rows.value + begin;
    const float z = dot(index, value, size, w);
    const float pull = label[i] * z < 1.0F ? step * label[i] : 0.0F;
    for (std::size_t j = 0; j < size; ++j) {
      const std::uint32_t u = index[j];
      w[u] = (w[u] + pull * value[j]) * (1.0F - step * rate[u]);
    }
  }
}

std::vector<float> touch_rates(const kernels::dataset& data) {
  std::vector<float> count(data.features());
  const kernels::sparse_rows rows = data.sparse();
  for (std::uint64_t k = rows.start[0]; k < rows.start[data.rows()]; ++k) {
    count[rows.index[k]] += 1.0F;
  }
  for (float& c : count) {
    c = c > 0.0F ? 1.0F / c : 0.0F;
  }
  return count;
}

}  // namespace

bare_run train_bare(const kernels::dataset& data, const bare_options& options) {
  const std::size_t n = data.rows();
  const kernels::sparse_rows rows = data.sparse();
  const float* label = data.labels().data();
  const std::vector<float> rate =
      options.per_feature ? touch_rates(data) : std::vector<float>();
  const double l2 = 1.0 / static_cast<double>(n);
  kernels::shared_vector vector(data.features());

  // All epochs' walks beforehand: blocks in random order.
  std::vector<std::uint32_t> walk(n);
  std::vector<std::uint32_t> blocks((n + options.block_rows - 1) /
                                    options.block_rows);
  std::mt19937 random(1);
  std::iota(blocks.begin(), blocks.end(), 0U);

  std::atomic<std::size_t> next{0};
  double step = options.step;
  double seconds = 0.0;
  clock::time_point begin;
  const std::size_t piece = options.threads > 1 ? 256 : n;

  const auto start_epoch = [&]() noexcept {
    std::shuffle(blocks.begin(), blocks.end(), random);
    std::size_t k = 0;
    for (const std::uint32_t b : blocks) {
      const std::size_t first = b * options.block_rows;
      for (std::size_t i = first; i < std::min(first + options.block_rows, n);
           ++i) {
        walk[k++] = static_cast<std::uint32_t>(i);
      }
    }
    next = 0;
    begin = clock::now();
  };
  const auto end_epoch = [&]() noexcept {
    if (!options.per_feature) {
      vector.scale(static_cast<float>(
          std::pow(1.0 - step * l2, static_cast<double>(n))));
    }
    seconds += std::chrono::duration<double>(clock::now() - begin).count();
    step *= options.decay;
  };
  std::barrier start_line(static_cast<std::ptrdiff_t>(options.threads),
                          start_epoch);
  std::barrier finish_line(static_cast<std::ptrdiff_t>(options.threads),
                           end_epoch);

  const auto worker = [&](unsigned index) {
    std::unique_ptr<kernels::private_head> view;
    if (options.head > 0) {
      view = std::make_unique<kernels::private_head>(vector, options.head);
    }
    float* w = view ? view->data() : vector.data();
    const std::size_t offset = options.head / options.threads * index / 16 * 16;
    for (unsigned epoch = 0; epoch < options.epochs; ++epoch) {
      start_line.arrive_and_wait();
      if (view) {
        view->reload();
      }
      const double shrink = 1.0 - step * l2;
      std::size_t since = 0;
      for (std::size_t first = next.fetch_add(piece); first < n;
           first = next.fetch_add(piece)) {
        const std::size_t size = std::min(piece, n - first);
        if (options.per_feature) {
          walk_per_touch(rows, label, walk.data() + first, size, w, rate.data(),
                         static_cast<float>(step));
        } else {
          walk_l2(rows, label, walk.data() + first, size, w,
                  std::pow(shrink, static_cast<double>(first)), step, shrink);
        }
        since += size;
        if (view && since >= options.head_every) {
          view->exchange(offset);
          since = 0;
        }
      }
      if (view) {
        view->exchange(offset);
      }
      finish_line.arrive_and_wait();
    }
  };
  {
    std::vector<std::jthread> others;
    for (unsigned k = 1; k < options.threads; ++k) {
      others.emplace_back(worker, k);
    }
    worker(0);
  }
  return {seconds, vector.snapshot()};
}

double read_everything(const kernels::dataset& data) {
  const kernels::sparse_rows rows = data.sparse();
  const std::uint64_t begin = rows.start[0];
  const std::uint64_t end = rows.start[data.rows()];
  const auto start = clock::now();
  std::uint32_t indices = 0;
  float values = 0.0F;
#pragma omp simd reduction(+ : indices, values)
  for (std::uint64_t k = begin; k < end; ++k) {
    indices += rows.index[k];
    values += rows.value[k];
  }
  const double taken =
      std::chrono::duration<double>(clock::now() - start).count();
  volatile float sink = values + static_cast<float>(indices);
  static_cast<void>(sink);
  return taken;
}

double dot_everything(const kernels::dataset& data,
                      const std::vector<float>& weights) {
  const kernels::sparse_rows rows = data.sparse();
  const auto start = clock::now();
  float sum = 0.0F;
  for (std::size_t i = 0; i < data.rows(); ++i) {
    const std::uint64_t begin = rows.start[i];
    sum += dot(rows.index + begin, rows.value + begin,
               rows.start[i + 1] - begin, weights.data());
  }
  const double taken =
      std::chrono::duration<double>(clock::now() - start).count();
  volatile float sink = sum;
  static_cast<void>(sink);
  return taken;
}

}  // namespace sounder::bench

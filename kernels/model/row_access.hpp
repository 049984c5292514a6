#pragma once

// Rows of a data set as the linear kernels walk them: one policy per layout,
// so that each loss and each penalty is written once.

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "kernels/data/dataset.hpp"
#include "kernels/shared_vector.hpp"

namespace sounder::kernels {

/// Rows of CSR. nonzeros() is d_i, at least 1.
class sparse_access {
 public:
  static constexpr bool is_dense = false;

  struct row {
    const std::uint32_t* index;
    const float* value;
    std::size_t size;
  };

  sparse_access(const dataset& data, std::vector<float>& scratch) noexcept
      : rows_(data.sparse()) {
    static_cast<void>(scratch);
  }

  row at(std::size_t i) const noexcept {
    const std::uint64_t begin = rows_.start[i];
    return {rows_.index + begin, rows_.value + begin,
            static_cast<std::size_t>(rows_.start[i + 1] - begin)};
  }

  /// Asks for the memory of a row to come, seen from position k of the walk.
  /// Neighbours in memory are left to the hardware, which is better at them.
  void prefetch(std::span<const std::uint32_t> walk,
                std::size_t k) const noexcept {
    if (k + start_ahead < walk.size()) {
      __builtin_prefetch(rows_.start + walk[k + start_ahead]);
    }
    if (k + row_ahead < walk.size() &&
        walk[k + row_ahead] != walk[k] + row_ahead) {
      const row next = at(walk[k + row_ahead]);
      for (std::size_t j = 0; j < next.size; j += floats_a_line) {
        __builtin_prefetch(next.index + j);
        __builtin_prefetch(next.value + j);
      }
    }
  }

  static std::size_t nonzeros(const row& x) noexcept {
    return std::max<std::size_t>(x.size, 1);
  }
  static float dot(const row& x, const float* w) noexcept {
    return relaxed::sparse_dot(x.index, x.value, x.size, w);
  }
  static void add(const row& x, float factor, float* w) noexcept {
    relaxed::sparse_add(x.index, x.value, x.size, factor, w);
  }
  static void add_then_decay(const row& x, float factor, float step,
                             const float* rate, float* w) noexcept {
    relaxed::sparse_add_then_decay(x.index, x.value, x.size, factor, step, rate,
                                   w);
  }
  static void decay_and_add(const row& x, float factor, float keep,
                            float* w) noexcept {
    relaxed::sparse_decay_and_add(x.index, x.value, x.size, factor, keep, w);
  }

  /// visit(feature, value) for every stored pair of the row.
  template <class Visitor>
  static void for_each(const row& x, Visitor visit) {
    for (std::size_t k = 0; k < x.size; ++k) {
      visit(x.index[k], x.value[k]);
    }
  }

 private:
  // Far enough to hide a trip to memory behind the rows in between (70 to 80
  // non-zeros each in text data), near enough to stay in the first cache.
  static constexpr std::size_t row_ahead = 4;
  static constexpr std::size_t start_ahead = 16;
  static constexpr std::size_t floats_a_line = 16;

  sparse_rows rows_;
};

/// Dense rows; bytes are converted into `scratch` row by row.
template <class T>
class dense_access {
 public:
  static constexpr bool is_dense = true;

  struct row {
    const float* value;
    std::size_t size;
  };

  dense_access(const dataset& data, std::vector<float>& scratch)
      : rows_(view(data)), scratch_(scratch) {
    if constexpr (sizeof(T) == 1) {
      scratch_.resize(rows_.features);
    }
  }

  row at(std::size_t i) const noexcept {
    if constexpr (sizeof(T) == 1) {
      copy_row(i, scratch_.data());
      return {scratch_.data(), rows_.features};
    } else {
      return {rows_.value + i * rows_.features, rows_.features};
    }
  }

  /// Row i as floats.
  void copy_row(std::size_t i, float* out) const noexcept {
    const T* source = rows_.value + i * rows_.features;
#pragma omp simd
    for (std::size_t j = 0; j < rows_.features; ++j) {
      out[j] = static_cast<float>(source[j]) * rows_.scale + rows_.shift;
    }
  }

  void prefetch(std::span<const std::uint32_t> walk,
                std::size_t k) const noexcept {
    if (k + 1 < walk.size()) {  // the hardware finds the rest of the row
      __builtin_prefetch(rows_.value + walk[k + 1] * rows_.features);
    }
  }

  static std::size_t nonzeros(const row& x) noexcept {
    const auto zeros = std::count(x.value, x.value + x.size, 0.0F);
    return std::max<std::size_t>(x.size - static_cast<std::size_t>(zeros), 1);
  }
  static float dot(const row& x, const float* w) noexcept {
    return relaxed::dense_dot(x.value, x.size, w);
  }
  static void add(const row& x, float factor, float* w) noexcept {
    relaxed::dense_decay_and_add(x.value, x.size, factor, 1.0F, w);
  }
  static void add_then_decay(const row& x, float factor, float step,
                             const float* rate, float* w) noexcept {
    for (std::size_t j = 0; j < x.size; ++j) {
      const float moved = relaxed::load(w[j]) + factor * x.value[j];
      const float keep = x.value[j] != 0.0F ? 1.0F - step * rate[j] : 1.0F;
      relaxed::store(w[j], moved * keep);
    }
  }
  static void decay_and_add(const row& x, float factor, float keep,
                            float* w) noexcept {
    for (std::size_t j = 0; j < x.size; ++j) {
      const float kept = x.value[j] != 0.0F ? keep : 1.0F;
      relaxed::store(w[j], relaxed::load(w[j]) * kept + factor * x.value[j]);
    }
  }
  template <class Visitor>
  static void for_each(const row& x, Visitor visit) {
    for (std::size_t j = 0; j < x.size; ++j) {
      if (x.value[j] != 0.0F) {
        visit(static_cast<std::uint32_t>(j), x.value[j]);
      }
    }
  }

 private:
  static dense_rows<T> view(const dataset& data) noexcept {
    if constexpr (sizeof(T) == 1) {
      return data.bytes_view();
    } else {
      return data.floats();
    }
  }

  dense_rows<T> rows_;
  std::vector<float>& scratch_;
};

/// Calls use(rows) with the access policy that fits the layout.
template <class Use>
auto with_rows(const dataset& data, std::vector<float>& scratch, Use use) {
  switch (data.layout()) {
    case layout::dense_float:
      return use(dense_access<float>(data, scratch));
    case layout::dense_byte:
      return use(dense_access<std::uint8_t>(data, scratch));
    case layout::sparse:
      break;
  }
  return use(sparse_access(data, scratch));
}

/// What the losses of rows count: all the same, at no cost.
struct unit_weights {
  static constexpr bool are_given = false;
  static constexpr float of(std::size_t /*row*/) noexcept { return 1.0F; }
};

/// What the losses of rows count, by the data set.
class row_weights {
 public:
  static constexpr bool are_given = true;

  explicit row_weights(const dataset& data) noexcept
      : weights_(data.weights().data()) {}
  float of(std::size_t row) const noexcept { return weights_[row]; }

 private:
  const float* weights_;
};

/// Calls use(rows, weights), chosen once for all rows: a data set without
/// weights is walked by loops that know of none.
template <class Use>
auto with_weighted_rows(const dataset& data, std::vector<float>& scratch,
                        Use use) {
  return with_rows(data, scratch, [&](const auto& access) {
    return data.is_weighted() ? use(access, row_weights(data))
                              : use(access, unit_weights());
  });
}

}  // namespace sounder::kernels

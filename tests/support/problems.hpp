#pragma once

// Small data sets for the tests, and rows of any layout as plain pairs.

#include <cmath>
#include <cstddef>
#include <cstdint>
#include <numeric>
#include <utility>
#include <vector>

#include "kernels/data/dataset.hpp"
#include "kernels/data/random.hpp"
#include "kernels/model/linear.hpp"

namespace sounder::tests {

/// Uniform in [-1, 1), a multiple of 2^-24.
inline float coin(kernels::random_stream& random) {
  constexpr double half = 2147483648.0;  // 2^31
  return static_cast<float>(
      static_cast<double>(random.next() >> 40U) / (half / 256.0) - 1.0);
}

/// A matrix of nested vectors; zeros are not stored when made sparse.
using table = std::vector<std::vector<float>>;

inline kernels::dataset sparse_from(const table& rows,
                                    std::vector<float> labels,
                                    std::size_t features) {
  kernels::sparse_storage s;
  s.start.push_back(0);
  for (const auto& row : rows) {
    for (std::uint32_t u = 0; u < row.size(); ++u) {
      if (row[u] != 0.0F) {
        s.index.push_back(u);
        s.value.push_back(row[u]);
      }
    }
    s.start.push_back(s.index.size());
  }
  return {std::move(s), std::move(labels), features};
}

inline kernels::dataset dense_from(const table& rows, std::vector<float> labels,
                                   std::size_t features) {
  kernels::dense_storage s;
  for (const auto& row : rows) {
    s.floats.append(row);
  }
  return {std::move(s), std::move(labels), features};
}

/// Bytes with element = byte * scale + shift; `rows` must hold such values.
inline kernels::dataset bytes_from(const table& rows, std::vector<float> labels,
                                   std::size_t features, float scale,
                                   float shift) {
  kernels::dense_storage s;
  s.scale = scale;
  s.shift = shift;
  for (const auto& row : rows) {
    for (const float x : row) {
      s.bytes.push_back(static_cast<std::uint8_t>((x - shift) / scale));
    }
  }
  return {std::move(s), std::move(labels), features};
}

inline kernels::dataset laid_out(kernels::layout layout, const table& rows,
                                 std::vector<float> labels,
                                 std::size_t features) {
  switch (layout) {
    case kernels::layout::dense_float:
      return dense_from(rows, std::move(labels), features);
    case kernels::layout::dense_byte:
      return bytes_from(rows, std::move(labels), features, 0.03125F, -1.0F);
    case kernels::layout::sparse:
      break;
  }
  return sparse_from(rows, std::move(labels), features);
}

constexpr kernels::layout layouts[] = {kernels::layout::sparse,
                                       kernels::layout::dense_float,
                                       kernels::layout::dense_byte};
constexpr kernels::linear_model models[] = {
    kernels::linear_model::svm, kernels::linear_model::logistic,
    kernels::linear_model::least_squares, kernels::linear_model::softmax,
    kernels::linear_model::one_against_rest};
constexpr kernels::penalty_form forms[] = {kernels::penalty_form::l2,
                                           kernels::penalty_form::per_feature,
                                           kernels::penalty_form::per_sample};

constexpr std::size_t classes = 3;  // of every multi-class problem here

inline std::vector<float> random_labels(kernels::linear_model model,
                                        std::size_t rows,
                                        kernels::random_stream& random) {
  std::vector<float> labels(rows);
  for (float& y : labels) {
    if (kernels::is_multi_class(model)) {
      y = static_cast<float>(random.below(classes));
    } else {
      y = kernels::is_classifier(model)
              ? static_cast<float>(2 * static_cast<int>(random.below(2)) - 1)
              : coin(random);
    }
  }
  return labels;
}

/// Rows with about 40 % non-zeros, multiples of 1/32 in [-1, 1) so that every
/// layout holds them. Row 0 is empty and row 1 occurs twice.
inline kernels::dataset random_problem(kernels::linear_model model,
                                       kernels::layout layout, std::size_t rows,
                                       std::size_t features,
                                       std::uint64_t seed) {
  kernels::random_stream random(seed);
  table x(rows, std::vector<float>(features));
  for (std::size_t i = 1; i < rows; ++i) {
    for (float& value : x[i]) {
      const auto thirty_seconds = static_cast<int>(random.below(64)) - 32;
      value = random.below(5) < 2 ? static_cast<float>(thirty_seconds) / 32.0F
                                  : 0.0F;
    }
  }
  if (rows > 2) {
    x[2] = x[1];
  }
  return laid_out(layout, x, random_labels(model, rows, random), features);
}

/// At most two non-zeros a row, each a power of two: a dot product is one
/// rounded sum whatever the order, fused or not, and every product with a
/// non-zero is exact. Two summation orders then give the same bits.
inline kernels::dataset exact_problem(kernels::linear_model model,
                                      kernels::layout layout, std::size_t rows,
                                      std::size_t features,
                                      std::uint64_t seed) {
  kernels::random_stream random(seed);
  constexpr float powers[] = {0.5F, -0.5F, 0.25F, -0.25F, 0.125F, -0.125F};
  table x(rows, std::vector<float>(features));
  for (auto& row : x) {
    for (int k = 0; k < 2; ++k) {
      row[random.below(static_cast<std::uint32_t>(features))] =
          powers[random.below(6)];
    }
  }
  return laid_out(layout, x, random_labels(model, rows, random), features);
}

/// Text-like: feature u has popularity 1 / (u + 1), values |x_i| = 1, labels
/// of a hidden separator with a tenth of them turned.
inline kernels::dataset text_like(std::size_t rows, std::size_t features,
                                  std::uint64_t seed) {
  kernels::random_stream random(seed);
  std::vector<float> truth(features);
  for (float& w : truth) {
    w = coin(random);
  }
  table x(rows, std::vector<float>(features));
  std::vector<float> labels(rows);
  for (std::size_t i = 0; i < rows; ++i) {
    double square = 0.0;
    for (std::size_t u = 0; u < features; ++u) {
      const auto odds = static_cast<std::uint32_t>(8 * (1U << 16U) / (u + 8));
      if (random.below(1U << 16U) < odds) {
        x[i][u] = 0.5F + 0.5F * std::abs(coin(random));
        square += static_cast<double>(x[i][u]) * static_cast<double>(x[i][u]);
      }
    }
    double z = 0.0;
    for (std::size_t u = 0; u < features; ++u) {
      x[i][u] /= static_cast<float>(std::sqrt(square + 1e-9));
      z += static_cast<double>(x[i][u]) * static_cast<double>(truth[u]);
    }
    const bool turned = random.below(10) == 0;
    labels[i] = (z > 0.0) != turned ? 1.0F : -1.0F;
  }
  return sparse_from(x, std::move(labels), features);
}

/// Row i of a data set of any layout: its non-zeros.
inline std::vector<std::pair<std::uint32_t, float>> pairs_of(
    const kernels::dataset& data, std::size_t i) {
  std::vector<std::pair<std::uint32_t, float>> pairs;
  if (data.is_sparse()) {
    const auto rows = data.sparse();
    for (std::uint64_t k = rows.start[i]; k < rows.start[i + 1]; ++k) {
      pairs.emplace_back(rows.index[k], rows.value[k]);
    }
    return pairs;
  }
  for (std::uint32_t u = 0; u < data.features(); ++u) {
    const std::size_t at = i * data.features() + u;
    const bool bytes = data.layout() == kernels::layout::dense_byte;
    const float x = bytes ? static_cast<float>(data.bytes_view().value[at]) *
                                    data.bytes_view().scale +
                                data.bytes_view().shift
                          : data.floats().value[at];
    if (x != 0.0F) {
      pairs.emplace_back(u, x);
    }
  }
  return pairs;
}

inline std::vector<std::uint32_t> all_rows(const kernels::dataset& data) {
  std::vector<std::uint32_t> rows(data.rows());
  std::iota(rows.begin(), rows.end(), 0U);
  return rows;
}

}  // namespace sounder::tests

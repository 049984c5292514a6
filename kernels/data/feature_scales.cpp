#include "kernels/data/feature_scales.hpp"

#include <algorithm>
#include <array>
#include <cmath>

#include "kernels/assert.hpp"

namespace sounder::kernels {

namespace {

/// Sums of powers become means.
void finish(dense_scale& s, double rows) {
  s.deviation = std::sqrt(s.deviation / rows);
  s.root_mean_square = std::sqrt(s.root_mean_square / rows);
}

std::vector<dense_scale> scales_of_floats(const dataset& data) {
  const dense_rows<float> rows = data.floats();
  const auto count = static_cast<double>(data.rows());
  std::vector<dense_scale> scales(rows.features);
  for (std::size_t i = 0; i < data.rows(); ++i) {
    const float* const x = rows.value + i * rows.features;
    for (std::size_t u = 0; u < rows.features; ++u) {
      const auto value = static_cast<double>(x[u]);
      scales[u].mean += value;
      scales[u].root_mean_square += value * value;
      scales[u].largest = std::max(scales[u].largest, std::abs(value));
    }
  }
  for (dense_scale& s : scales) {
    s.mean /= count;
  }
  // A pass of its own: the difference of two large sums would say nothing.
  for (std::size_t i = 0; i < data.rows(); ++i) {
    const float* const x = rows.value + i * rows.features;
    for (std::size_t u = 0; u < rows.features; ++u) {
      const double off = static_cast<double>(x[u]) - scales[u].mean;
      scales[u].deviation += off * off;
    }
  }
  for (dense_scale& s : scales) {
    finish(s, count);
  }
  return scales;
}

/// Counting the bytes is one cheap pass; the rest is arithmetic on 256 values.
dense_scale scale_of_bytes(const dataset& data) {
  const dense_rows<std::uint8_t> rows = data.bytes_view();
  const std::size_t n = data.rows() * rows.features;
  std::array<std::uint64_t, 256> counts{};
  for (std::size_t k = 0; k < n; ++k) {
    ++counts[rows.value[k]];
  }
  const auto value = [&](std::size_t byte) {
    return static_cast<double>(byte) * static_cast<double>(rows.scale) +
           static_cast<double>(rows.shift);
  };
  dense_scale s;
  for (std::size_t b = 0; b < counts.size(); ++b) {
    const auto times = static_cast<double>(counts[b]);
    s.mean += times * value(b);
    s.root_mean_square += times * value(b) * value(b);
    s.largest =
        counts[b] > 0 ? std::max(s.largest, std::abs(value(b))) : s.largest;
  }
  s.mean /= static_cast<double>(n);
  for (std::size_t b = 0; b < counts.size(); ++b) {
    const double off = value(b) - s.mean;
    s.deviation += static_cast<double>(counts[b]) * off * off;
  }
  finish(s, static_cast<double>(n));
  return s;
}

}  // namespace

bool dense_scale::is_constant() const noexcept {
  // A few times the distance of neighbouring floats, 6e-8.
  constexpr double rounding = 1e-6;
  return deviation <= rounding * std::abs(mean);
}

double sparse_scale::root_mean_square() const noexcept {
  return nonzeros == 0 ? 0.0
                       : std::sqrt(squares / static_cast<double>(nonzeros));
}

std::vector<dense_scale> dense_scales(const dataset& data) {
  SOUNDER_ASSERT(!data.is_sparse() && !data.empty());
  return data.layout() == layout::dense_byte
             ? std::vector<dense_scale>{scale_of_bytes(data)}
             : scales_of_floats(data);
}

std::vector<sparse_scale> sparse_scales(const dataset& data) {
  std::vector<sparse_scale> scales(data.features());
  const sparse_rows rows = data.sparse();
  const std::uint64_t first = data.empty() ? 0 : rows.start[0];
  for (std::uint64_t k = first; k < first + data.nonzeros(); ++k) {
    const float value = rows.value[k];
    sparse_scale& s = scales[rows.index[k]];
    s.squares += static_cast<double>(value) * static_cast<double>(value);
    s.largest = std::max(s.largest, std::abs(value));
    s.nonzeros += value != 0.0F ? 1 : 0;
  }
  return scales;
}

std::vector<double> row_norms(const dataset& data) {
  const sparse_rows rows = data.sparse();
  std::vector<double> norms;
  norms.reserve(data.rows());
  for (std::size_t i = 0; i < data.rows(); ++i) {
    double squares = 0.0;
    for (std::uint64_t k = rows.start[i]; k < rows.start[i + 1]; ++k) {
      squares += static_cast<double>(rows.value[k]) *
                 static_cast<double>(rows.value[k]);
    }
    if (squares > 0.0) {
      norms.push_back(std::sqrt(squares));
    }
  }
  return norms;
}

}  // namespace sounder::kernels

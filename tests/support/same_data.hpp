#pragma once

#include <algorithm>
#include <bit>
#include <cstdint>
#include <span>

#include "kernels/data/dataset.hpp"

namespace sounder::tests {

/// Whether two data sets agree in layout, shape and every bit of every row.
inline bool same_data(const kernels::dataset& a, const kernels::dataset& b) {
  if (a.layout() != b.layout() || a.rows() != b.rows() ||
      a.features() != b.features() || a.nonzeros() != b.nonzeros()) {
    return false;
  }
  const auto same_bits = [](float x, float y) {
    return std::bit_cast<std::uint32_t>(x) == std::bit_cast<std::uint32_t>(y);
  };
  if (!std::ranges::equal(a.labels(), b.labels(), same_bits)) {
    return false;
  }
  const std::size_t n = a.nonzeros();
  switch (a.layout()) {
    case kernels::layout::sparse: {
      const auto ra = a.sparse();
      const auto rb = b.sparse();
      for (std::size_t i = 0; i < a.rows(); ++i) {
        if (ra.start[i + 1] - ra.start[0] != rb.start[i + 1] - rb.start[0]) {
          return false;
        }
      }
      return n == 0 ||
             (std::equal(ra.index + ra.start[0], ra.index + ra.start[0] + n,
                         rb.index + rb.start[0]) &&
              std::equal(ra.value + ra.start[0], ra.value + ra.start[0] + n,
                         rb.value + rb.start[0], same_bits));
    }
    case kernels::layout::dense_float:
      return std::equal(a.floats().value, a.floats().value + n,
                        b.floats().value, same_bits);
    case kernels::layout::dense_byte:
      return std::equal(a.bytes_view().value, a.bytes_view().value + n,
                        b.bytes_view().value) &&
             same_bits(a.bytes_view().scale, b.bytes_view().scale) &&
             same_bits(a.bytes_view().shift, b.bytes_view().shift);
  }
  return false;
}

/// The non-zeros of a sparse row.
inline std::span<const std::uint32_t> indices(const kernels::dataset& data,
                                              std::size_t row) {
  const auto rows = data.sparse();
  return {rows.index + rows.start[row], rows.index + rows.start[row + 1]};
}
inline std::span<const float> values(const kernels::dataset& data,
                                     std::size_t row) {
  const auto rows = data.sparse();
  return {rows.value + rows.start[row], rows.value + rows.start[row + 1]};
}

/// w.x of a sparse row, in double, in the order of the row.
inline double dot(std::span<const float> w, const kernels::dataset& data,
                  std::size_t row) {
  double sum = 0.0;
  for (std::size_t k = 0; k < indices(data, row).size(); ++k) {
    sum += double{w[indices(data, row)[k]]} * double{values(data, row)[k]};
  }
  return sum;
}

}  // namespace sounder::tests

#pragma once

// How large the values of features are, as normalisation needs to know it.

#include <cstdint>
#include <vector>

#include "kernels/data/dataset.hpp"

namespace sounder::kernels {

/// A feature of dense samples, over all rows.
struct dense_scale {
  double mean = 0.0;
  double deviation = 0.0;
  double root_mean_square = 0.0;
  double largest = 0.0;  // magnitude

  /// Whether the values differ by no more than a float's rounding: a deviation
  /// of that size is noise, and nothing to divide by.
  bool is_constant() const noexcept;
};

/// A feature of sparse samples, over the stored values that are not 0.
struct sparse_scale {
  double squares = 0.0;  // their sum
  float largest = 0.0F;  // magnitude
  std::uint32_t nonzeros = 0;

  double root_mean_square() const noexcept;  // 0 without any
};

/// One for each feature; of bytes, which share a unit, one for all of them.
/// The same data gives the same numbers to the last bit, on any machine with
/// IEEE arithmetic: sums are doubles in the order of the rows.
///
/// Cost:   two passes over floats, one over bytes; one thread.
/// Errors: sparse or empty data is a bug and asserts.
std::vector<dense_scale> dense_scales(const dataset& data);

/// One for each feature.
/// Cost:   one pass, one thread.
/// Errors: dense data is a bug and asserts.
std::vector<sparse_scale> sparse_scales(const dataset& data);

/// The Euclidean norm of every row of sparse data that has any value but 0.
std::vector<double> row_norms(const dataset& data);

}  // namespace sounder::kernels

#pragma once

// Features of wild scale made tame: SGD has one step size for all of them.

#include <cstdint>
#include <optional>
#include <string_view>
#include <vector>

#include "kernels/data/dataset.hpp"

namespace sounder::kernels {

enum class normalisation_kind {
  none,
  unit_rows,  // each row divided by its Euclidean norm
  max_abs,    // each feature divided by its largest magnitude
  standard,   // each feature to mean 0 and deviation 1
};

/// "none", "unit-rows", "max-abs", "standard".
std::optional<normalisation_kind> normalisation_by_name(std::string_view name);
std::string_view name(normalisation_kind kind) noexcept;

/// What becomes of a value x of feature u:
///
///   none, unit-rows    x, x / |row|
///   max-abs, standard  (x - shift_u) factor_u
///
/// `shift` and `factor` have an entry a feature, or one for all; no shift is 0
/// everywhere. Features beyond the entries stay as they are.
struct normalisation {
  normalisation_kind kind = normalisation_kind::none;
  std::vector<double> shift;
  std::vector<double> factor;

  double shift_of(std::size_t u) const noexcept;
  double factor_of(std::size_t u) const noexcept;
};

/// Learns from the training set what to do to it, and to all samples that the
/// model will see:
///
///   max-abs   factor 1 / largest magnitude
///   standard  shift mean, factor 1 / deviation, of dense data when `centres`;
///             else no shift, and factor 1 / root mean square over all rows,
///             so that what is 0 stays 0
///
/// Bytes have one shift and one factor, for they share a unit, and stay bytes.
/// Features that do not vary have factor 1 when they are centred; those that
/// are 0 everywhere, factor 1 always. `centres` is for models with a constant
/// feature, whose weight makes up for the shift.
///
/// The same data gives the same numbers to the last bit.
/// Cost: see feature_scales.hpp; nothing for none and unit-rows.
normalisation learn_normalisation(const dataset& train, normalisation_kind kind,
                                  bool centres);

/// The samples so normalised. Rows of zeros stay; sparse stays sparse, which
/// asks for no shift. Bytes stay bytes for a single factor and become floats
/// otherwise.
/// Cost: one pass: in place for a sparse set that nobody else shares, a copy of
///       the others.
dataset normalise(dataset&& data, const normalisation& how,
                  unsigned threads = 0);

}  // namespace sounder::kernels

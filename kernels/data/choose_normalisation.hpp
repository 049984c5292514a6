#pragma once

#include <string>

#include "kernels/data/normalise.hpp"

namespace sounder::kernels {

/// What samples need before SGD does well on them, and the numbers that say so
/// ("deviations range from 0.1 to 315"; "" for none).
struct normalisation_choice {
  normalisation_kind kind = normalisation_kind::none;
  std::string reason;
};

/// By what the samples show:
///
///   bytes          standard
///   dense floats   standard when deviations differ, are far from 1, or are
///                  small against the means
///   sparse         none for rows of unit length, as text often comes;
///                  max-abs when magnitudes differ between features;
///                  unit-rows when values are not negative (counts) and rows
///                  differ in length, or all have the same length but 1;
///                  max-abs when values are all large or all small
///   else           none
///
/// The thresholds are in the source, with their reasons. A factor on all values
/// may change what is chosen, but not much of what comes of it: samples that
/// need nothing are got back from their multiples to within a factor of the
/// thresholds.
///
/// Cost: see feature_scales.hpp, and the norms of sparse rows.
normalisation_choice choose_normalisation(const dataset& train);

}  // namespace sounder::kernels

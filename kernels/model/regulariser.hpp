#pragma once

#include <string_view>

namespace sounder::kernels {

/// The penalty of a linear model; `strength` is l2 below, n the training
/// samples, d_u the samples in which feature u is non-zero, d_i the non-zeros
/// of sample i.
enum class penalty_form {
  /// (l2 / 2) |w|^2, exactly, as a scale factor outside the weights: nothing
  /// is written for it.
  l2,
  /// HOGWILD!'s sparse form of the same penalty: a step on sample i shrinks
  /// w_u, u in x_i, by 1 - step * l2 * n / d_u (Niu et al. 2011, eq. 5; their
  /// mu is l2 * n). Summed over an epoch it is (l2 / 2) |w|^2.
  per_feature,
  /// (l2 / 2) mean_i sum_{u in x_i} w_u^2 / d_i; a step on sample i shrinks
  /// w_u, u in x_i, by 1 - step * l2 / d_i (Vaucher, Wagner, Mortiniera,
  /// section IV-B; their lambda is l2 / 2).
  per_sample,
};

struct regulariser {
  penalty_form form = penalty_form::l2;
  double strength = 0.0;  // l2; must be finite and not negative
};

}  // namespace sounder::kernels

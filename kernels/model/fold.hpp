#pragma once

#include "kernels/data/normalise.hpp"
#include "kernels/model/model_file.hpp"

namespace sounder::kernels {

/// A model of normalised samples becomes one of the samples as they came, with
/// the same scores but for rounding:
///
///   w_u <- w_u factor_u
///   w_bias <- (w_bias constant - sum_u w_u shift_u) / bias
///
/// where `constant` is the value that the constant feature had in training, and
/// the model's `bias` the one that it has from now on. Unit rows cannot be
/// folded: of them the model keeps that samples need it.
///
/// Errors: a shift in a model without a constant feature is a bug and asserts.
void fold(const normalisation& how, double constant, model& trained);

/// The inverse.
void unfold(const normalisation& how, double constant, model& trained);

}  // namespace sounder::kernels

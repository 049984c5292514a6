#pragma once

#include "kernels/data/dataset.hpp"

namespace sounder::kernels {

/// The same samples with one more feature, the last, that is `value`
/// everywhere: its weight is the bias of a linear model.
///
/// Dense bytes stay bytes when a byte stands for `value`, and become floats
/// otherwise.
/// Cost: O(values): in place for a sparse set that nobody else shares, a copy
///       of the others.
dataset with_constant_feature(dataset&& data, float value);

/// The value that lets bytes stay bytes nearest to `wanted`, when there is one
/// within a factor of 2 of it; else, and for other layouts, `wanted` itself,
/// which must not be 0.
float convenient_constant(const dataset& data, float wanted) noexcept;

}  // namespace sounder::kernels

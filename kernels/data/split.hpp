#pragma once

#include <cstdint>
#include <span>

#include "kernels/data/dataset.hpp"
#include "kernels/data/train_test.hpp"

namespace sounder::kernels {

/// A copy of the given rows, in that order; rows may repeat.
///
/// Cost:   O(values copied).
/// Errors: a row number out of range is a bug and asserts.
dataset select_rows(const dataset& data, std::span<const std::uint32_t> rows);

/// Divides the samples at random: round(train_ratio * rows) of them go to
/// `train`, the others to `test`. Both keep the order of `data`.
///
/// Every row is in exactly one of the two. The same seed and number of rows
/// give the same division on every platform.
/// Cost:   a copy of the data.
/// Errors: std::invalid_argument when the ratio is not in (0, 1) or leaves
///         one side without a sample.
train_test split(const dataset& data, double train_ratio, std::uint64_t seed);

}  // namespace sounder::kernels

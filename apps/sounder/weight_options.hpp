#pragma once

// What samples count: --class-weights and --sample-weights.

#include <optional>
#include <vector>

#include "apps/sounder/data_options.hpp"
#include "apps/sounder/options.hpp"
#include "kernels/data/class_weights.hpp"
#include "kernels/model/linear.hpp"

namespace sounder::app {

std::vector<option> weight_options();

/// Multiplies the weights of the file that --sample-weights names, if it does,
/// into the samples', all those of their file.
/// Errors: data_error.
void weigh_samples(const settings& values, source& train);

/// What --class-weights says, if it does, of training samples with labels as in
/// the file; `balanced` is worked out.
/// Errors: usage_error: no LABEL=WEIGHT, a label that no sample has or that is
///         there twice, a model without classes; data_error: labels that are no
///         classes.
std::optional<kernels::class_weights> read_class_weights(
    const settings& values, kernels::linear_model kind, const source& train);

/// Multiplies them into the samples' weights, labels still as in the file: of
/// the test set, too, for its loss to be the one that is minimised.
/// One-against-rest has them in the objective instead.
void weigh_classes(const std::optional<kernels::class_weights>& weights,
                   kernels::linear_model kind, train_test_sources& sources);

/// Errors: usage_error when no training sample has a weight above 0, or one has
///         the product of two that is no float.
void check_weights(const settings& values, const source& train);

}  // namespace sounder::app

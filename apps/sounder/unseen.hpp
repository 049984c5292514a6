#pragma once

// What samples have that a model was not trained on: features and classes. Each
// is worth one line on stderr.

#include <cstddef>
#include <span>
#include <string>

#include "apps/sounder/data_options.hpp"
#include "apps/sounder/options.hpp"
#include "kernels/data/dataset.hpp"

namespace sounder::app {

/// --unknown-features: ignore or refuse.
option unknown_features_option();

/// `data` in the width of a model, which `knows` so many features ("the model",
/// "the training set"): others weigh nothing. Dense data stays as it is.
/// Errors: usage_error; data_error when such features are to be refused.
kernels::dataset leave_out_unknown_features(const settings& values,
                                            kernels::dataset&& data,
                                            const std::string& name,
                                            std::size_t features,
                                            const std::string& knows);

/// Leaves out the samples with other labels than these; returns how many there
/// are: as many errors, whose loss nobody can tell.
/// Errors: data_error when all samples are such.
std::size_t leave_out_unseen_classes(const settings& values, source& samples,
                                     std::span<const float> labels);

}  // namespace sounder::app

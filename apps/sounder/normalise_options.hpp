#pragma once

// --normalise and --bias: what becomes of features before training.

#include <string>
#include <vector>

#include "apps/sounder/options.hpp"
#include "kernels/data/dataset.hpp"
#include "kernels/data/normalise.hpp"

namespace sounder::app {

/// What a linear model is trained on, seen from the samples as they came.
struct normalised_features {
  kernels::normalisation how;
  double bias = 0.0;      // of the model; 0: none
  double constant = 0.0;  // value of the constant feature in training
  std::string note;       // what auto found and did; "" for nothing
};

std::vector<option> normalise_options();

/// Finds mistakes in them before any data is read. Errors: usage_error.
void check_normalisation(const settings& values);

/// Normalises both sets by what the first one shows, and appends the constant
/// feature. The second may be empty.
/// Errors: usage_error.
normalised_features normalise(const settings& values, kernels::dataset& train,
                              kernels::dataset& test);

/// What --normalise asks of a network's input, which is standard unless it says
/// otherwise.
/// Errors: usage_error for unit-rows, which an input does not do.
kernels::normalisation_kind network_normalisation(const settings& values);

}  // namespace sounder::app

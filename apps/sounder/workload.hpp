#pragma once

// From samples as they came to what a model trains on, and back.

#include <span>
#include <string>
#include <vector>

#include "apps/sounder/data_options.hpp"
#include "kernels/data/dataset.hpp"
#include "kernels/data/feature_order.hpp"
#include "kernels/model/linear.hpp"
#include "kernels/model/model_file.hpp"

namespace sounder::app {

/// Encoded labels, the constant feature in place, popular features first.
struct workload {
  kernels::dataset train;
  kernels::dataset test;  // empty without one
  kernels::linear_model kind = kernels::linear_model::svm;
  std::vector<float> labels;  // in the order of kernels::model
  std::size_t features = 0;   // of the files, without the constant one
  double bias = 0.0;
  kernels::feature_order order;
  std::string name;  // of the training set, for messages

  std::size_t classes() const noexcept { return labels.size(); }
};

/// Prepares the samples for a kind of model. `sort_rows` for disciplines that
/// lock coordinates in order.
/// Errors: usage_error, data_error: labels that do not fit the model.
workload prepare(const settings& values, train_test_sources&& sources,
                 kernels::linear_model kind, bool sort_rows);

/// The model that these parameters are, in the order of the files.
kernels::model as_model(const workload& work, std::span<const float> weights);

/// Parameters for training to go on from.
/// Errors: data_error when the model is not for this work, says what differs.
std::vector<float> as_parameters(const workload& work,
                                 const kernels::model& start,
                                 const std::string& file);

/// Samples for a trained model: labels encoded, or left alone when they do not
/// matter, constant feature appended, width of the model.
kernels::dataset prepare_for(const kernels::model& trained,
                             const settings& values, source&& samples,
                             bool with_labels);

}  // namespace sounder::app

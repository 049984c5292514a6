#pragma once

// From samples as they came to what a model trains on, and back.

#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "actors/plan/training_plan.hpp"
#include "apps/sounder/data_options.hpp"
#include "apps/sounder/normalise_options.hpp"
#include "kernels/data/class_weights.hpp"
#include "kernels/data/dataset.hpp"
#include "kernels/data/feature_order.hpp"
#include "kernels/model/linear.hpp"
#include "kernels/model/model_file.hpp"
#include "kernels/model/regulariser.hpp"
#include "kernels/network/network.hpp"

namespace sounder::app {

/// What --model and --regularizer say.
struct model_choice {
  kernels::linear_model kind = kernels::linear_model::svm;
  kernels::penalty_form form = kernels::penalty_form::l2;
  std::optional<double> l2;  // none: 1 / training samples
  std::string network;       // a name or a file; empty: a linear model
};

/// Encoded labels, tame features, the constant one in place, popular ones
/// first.
struct workload {
  kernels::dataset train;
  kernels::dataset test;  // empty without one
  kernels::linear_model kind = kernels::linear_model::svm;
  std::shared_ptr<const kernels::network> network;  // none: a linear model
  std::vector<float> labels;  // in the order of kernels::model
  std::optional<kernels::class_weights> class_weights;  // of --class-weights
  std::size_t features = 0;  // of the files, without the constant one
  normalised_features normalised;
  kernels::feature_order order;
  std::string name;  // of the training set, for messages
  std::string model_name;
  std::size_t unseen = 0;  // test samples of classes that training did not have

  std::size_t classes() const noexcept { return labels.size(); }
  /// In the order of the labels for one-against-rest, none for other models:
  /// their samples have them.
  std::vector<float> objective_class_weights() const;
};

/// What is needed of the features of sparse samples.
struct feature_needs {
  bool are_sorted = false;  // in each row, for who locks coordinates in order
  /// Those that no training sample has can be left out, unless there are other
  /// samples on nodes, or weights of theirs to go on from.
  kernels::unused_features unused = kernels::unused_features::keep;
};

/// Prepares the samples for a kind of model.
/// Errors: usage_error, data_error: labels that do not fit the model.
workload prepare(const settings& values, train_test_sources&& sources,
                 const model_choice& choice, const feature_needs& needs);

/// Errors: usage_error for batches of the plan that do not do for a network, or
/// for the rows of one of so many replicas.
void check_batch(const settings& values, const workload& work,
                 const actors::training_plan& plan, std::size_t replicas);

/// Writes the model that these parameters are, in the order of the files.
void save(const workload& work, std::span<const float> weights,
          const std::string& file);

/// Parameters in a model's file for training to go on from.
/// Errors: data_error when the model is not for this work, says what differs.
std::vector<float> read_start(const workload& work, const std::string& file);

}  // namespace sounder::app

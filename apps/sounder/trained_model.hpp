#pragma once

// A model from a file, ready to look at samples: linear or a network.

#include <memory>
#include <span>
#include <string>
#include <vector>

#include "apps/sounder/data_options.hpp"
#include "kernels/model/model_file.hpp"
#include "kernels/model/objective.hpp"
#include "kernels/network/network_file.hpp"

namespace sounder::app {

/// Samples for a linear model: labels encoded, or left alone when they do not
/// matter, features normalised in this way, the model's constant feature
/// appended, width of the model.
kernels::dataset prepare_for(const kernels::model& trained,
                             const kernels::normalisation& how,
                             const settings& values, source&& samples,
                             bool with_labels);

/// Samples for a model.
struct prepared_samples {
  kernels::dataset data;
  std::size_t unseen = 0;  // others, of classes that the model does not know
};

class trained_model {
 public:
  /// Errors: data_error for what is no model.
  explicit trained_model(const std::string& file);

  std::string name() const;
  /// softmax for networks, whose outputs are such scores.
  kernels::linear_model kind() const noexcept { return kind_; }
  std::span<const float> labels() const noexcept;
  const float* weights() const noexcept;
  std::size_t outputs() const noexcept;

  /// Samples for this model: labels encoded, or left alone when they do not
  /// matter, in the model's width. Classes and features that it does not know
  /// are left out, with a note (unseen.hpp).
  /// Errors: data_error for samples of another width.
  prepared_samples prepare(const settings& values, source&& samples,
                           bool with_labels) const;

  std::shared_ptr<const kernels::objective> objective_for(
      const kernels::dataset& data) const;

 private:
  std::size_t features() const noexcept;  // of files

  kernels::linear_model kind_ = kernels::linear_model::softmax;
  kernels::model linear_;
  kernels::trained_network network_;  // where its function is
};

}  // namespace sounder::app

#pragma once

// Linear models by name. The loops are in linear_kernel.hpp; a loss of your
// own goes through linear_objective<Loss> there.

#include <cstddef>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "kernels/data/dataset.hpp"
#include "kernels/model/objective.hpp"
#include "kernels/model/regulariser.hpp"

namespace sounder::kernels {

enum class linear_model {
  svm,               // hinge: max(0, 1 - y z), y = +-1
  logistic,          // log(1 + exp(-y z)), y = +-1
  least_squares,     // (z - y)^2 / 2, y real
  softmax,           // -log softmax(z)_y, y = 0..C-1
  one_against_rest,  // sum_c k_c max(0, 1 - y_c z_c), y = 0..C-1
};

/// "svm", "logistic", "least-squares", "softmax", "ovr".
std::optional<linear_model> linear_model_by_name(std::string_view name);
std::string_view name(linear_model model) noexcept;

bool is_multi_class(linear_model model) noexcept;
bool is_classifier(linear_model model) noexcept;

/// The objective for training on `train` (whose labels are encoded as above
/// shows):
///
///   F(w) = (1 / n) sum_i c_i loss_i(w) + penalty
///
/// n the number of samples and c_i the weights of the data set that a step or
/// an evaluation is on, 1 where it has none. With l2 = 1 / (n C) that is
/// liblinear's objective with cost c_i C of sample i. Parameters:
/// train.features() * outputs floats, feature-major: weight of feature u and
/// class c at u * outputs + c.
///
/// `classes` counts for multi-class models only, `class_weights` (none, or one
/// a class) for one_against_rest only: k_y is that of the sample's class, see
/// multi_class_loss.hpp. Other models have a class's weight in the data set's.
/// Costs one pass over the indices for the per-feature form.
/// Throws std::invalid_argument when the strength is negative or not finite,
/// or for class weights that are, or are not one a class.
std::shared_ptr<const objective> make_linear(
    linear_model model, const dataset& train, std::size_t classes,
    regulariser penalty, std::vector<float> class_weights = {});

/// The objective that another process described (objective::describe), with
/// what that one has learned (objective::learned); nothing when the line is not
/// of this family. Without `learned` the per-feature form counts the features
/// of `train`. Throws std::invalid_argument when `learned` does not fit.
std::shared_ptr<const objective> make_described(
    const std::string& description, const dataset& train,
    std::vector<float> learned = {});

}  // namespace sounder::kernels

#include "kernels/model/linear.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <sstream>
#include <stdexcept>
#include <utility>

#include <fmt/format.h>

#include "kernels/model/linear_kernel.hpp"
#include "kernels/model/multi_class_kernel.hpp"

namespace sounder::kernels {

namespace {

constexpr std::array<std::pair<linear_model, std::string_view>, 5> names = {{
    {linear_model::svm, "svm"},
    {linear_model::logistic, "logistic"},
    {linear_model::least_squares, "least-squares"},
    {linear_model::softmax, "softmax"},
    {linear_model::one_against_rest, "ovr"},
}};

}  // namespace

std::optional<linear_model> linear_model_by_name(std::string_view name) {
  for (const auto& [model, known] : names) {
    if (known == name) {
      return model;
    }
  }
  return std::nullopt;
}

std::string_view name(linear_model model) noexcept {
  for (const auto& [known, text] : names) {
    if (known == model) {
      return text;
    }
  }
  return "";
}

bool is_multi_class(linear_model model) noexcept {
  return model == linear_model::softmax ||
         model == linear_model::one_against_rest;
}

bool is_classifier(linear_model model) noexcept {
  return model != linear_model::least_squares;
}

namespace {

/// Errors: std::invalid_argument for weights that are none of the classes'.
void check_class_weights(linear_model model, std::size_t classes,
                         const std::vector<float>& weights) {
  const bool are_fit =
      weights.empty() ||
      (model == linear_model::one_against_rest && weights.size() == classes);
  if (!are_fit || !std::all_of(weights.begin(), weights.end(), [](float k) {
        return std::isfinite(k) && k >= 0.0F;
      })) {
    throw std::invalid_argument(
        fmt::format("class weights {} do not fit {} classes of {}",
                    fmt::join(weights, ", "), classes, name(model)));
  }
}

std::shared_ptr<linear_base> make(linear_model model, const dataset& train,
                                  std::size_t classes, regulariser penalty,
                                  std::vector<float>&& class_weights) {
  switch (model) {
    case linear_model::svm:
      return std::make_shared<linear_objective<hinge_loss>>(train, penalty);
    case linear_model::logistic:
      return std::make_shared<linear_objective<logistic_loss>>(train, penalty);
    case linear_model::least_squares:
      return std::make_shared<linear_objective<squared_loss>>(train, penalty);
    case linear_model::softmax:
      return std::make_shared<multi_class_objective<softmax_loss>>(
          train, classes, penalty);
    case linear_model::one_against_rest:
      return std::make_shared<multi_class_objective<one_against_rest_loss>>(
          train, classes, penalty,
          one_against_rest_loss{std::move(class_weights)});
  }
  return nullptr;
}

constexpr std::array<std::string_view, 3> forms = {"l2", "per-feature",
                                                   "per-sample"};

std::shared_ptr<linear_base> make_with_description(
    linear_model model, const dataset& train, std::size_t classes,
    regulariser penalty, std::vector<float> class_weights) {
  check_class_weights(model, classes, class_weights);
  const std::string description = fmt::format(
      "linear {} {} {} {}{}{}", name(model), classes,
      forms.at(static_cast<std::size_t>(penalty.form)), penalty.strength,
      class_weights.empty() ? "" : " ", fmt::join(class_weights, " "));
  auto made = make(model, train, classes, penalty, std::move(class_weights));
  if (made) {
    made->set_description(description);
  }
  return made;
}

}  // namespace

std::shared_ptr<const objective> make_linear(linear_model model,
                                             const dataset& train,
                                             std::size_t classes,
                                             regulariser penalty,
                                             std::vector<float> class_weights) {
  return make_with_description(model, train, classes, penalty,
                               std::move(class_weights));
}

std::shared_ptr<const objective> make_described(const std::string& description,
                                                const dataset& train,
                                                std::vector<float> learned) {
  std::istringstream words(description);
  std::string family;
  std::string model;
  std::string form;
  std::size_t classes = 0;
  double strength = 0.0;
  words >> family >> model >> classes >> form >> strength;
  const auto kind = linear_model_by_name(model);
  const auto* const known = std::find(forms.begin(), forms.end(), form);
  if (!words || family != "linear" || !kind || known == forms.end()) {
    return nullptr;
  }
  std::vector<float> class_weights;
  for (float weight = 0.0F; words >> weight;) {
    class_weights.push_back(weight);
  }
  auto made = make_with_description(
      *kind, train, classes,
      {static_cast<penalty_form>(known - forms.begin()), strength},
      std::move(class_weights));
  if (!learned.empty()) {
    made->learn(std::move(learned));
  }
  return made;
}

}  // namespace sounder::kernels

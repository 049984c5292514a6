#include "apps/sounder/weight_options.hpp"

#include <algorithm>
#include <cmath>
#include <string>
#include <string_view>

#include <fmt/format.h>

#include "kernels/data/labels.hpp"
#include "kernels/data/number.hpp"
#include "kernels/data/sample_weights.hpp"

namespace sounder::app {

namespace {

using kernels::class_weights;
using kernels::label_set;

/// LABEL=WEIGHT
void add_item(const settings& values, const std::string& item,
              const label_set& labels, class_weights& to) {
  const auto fail = [&](const std::string& what) {
    values.fail("class-weights", what);
  };
  const std::size_t middle = std::min(item.find('='), item.size());
  const auto label = kernels::number_in(item.substr(0, middle));
  const auto weight =
      kernels::number_in(item.substr(std::min(middle + 1, item.size())));
  if (!label || !weight) {
    fail(fmt::format("'{}' is no LABEL=WEIGHT, two numbers, and not 'balanced'",
                     item));
  }
  if (*weight < 0.0F) {
    fail(fmt::format("weight {} of label {} is negative", *weight, *label));
  }
  if (!std::binary_search(labels.begin(), labels.end(), *label)) {
    fail(fmt::format("label {} is not among the training labels ({})", *label,
                     kernels::list_labels(labels)));
  }
  if (!to.by_label.try_emplace(*label, *weight).second) {
    fail(fmt::format("label {} is there twice", *label));
  }
}

class_weights balanced(const settings& values, kernels::linear_model kind,
                       const source& train, const label_set& labels) {
  const auto positive = values.optional_number<float>("positive");
  const bool is_one_of_many =
      positive && !kernels::is_multi_class(kind) &&
      std::binary_search(labels.begin(), labels.end(), *positive);
  return is_one_of_many ? kernels::balanced_weights(train.data, *positive)
                        : kernels::balanced_weights(train.data, labels);
}

}  // namespace

std::vector<option> weight_options() {
  return {{"class-weights", "L=W,..", "",
           "what the loss of a label's samples counts, others 1; balanced: all "
           "classes the same"},
          {"sample-weights", "FILE", "",
           "what the loss of each training sample counts, a line each"}};
}

void weigh_samples(const settings& values, source& train) {
  if (values.has("sample-weights")) {
    train.data =
        kernels::with_sample_weights(train.data, values.text("sample-weights"));
  }
}

std::optional<class_weights> read_class_weights(const settings& values,
                                                kernels::linear_model kind,
                                                const source& train) {
  if (!values.has("class-weights")) {
    return std::nullopt;
  }
  if (!kernels::is_classifier(kind)) {
    values.fail("class-weights",
                fmt::format("is for classes, {} has none; --sample-weights "
                            "weighs samples",
                            kernels::name(kind)));
  }
  const label_set labels = kernels::distinct_labels(train.data, train.name);
  if (values.text("class-weights") == "balanced") {
    return balanced(values, kind, train, labels);
  }
  class_weights found;
  for (const std::string& item : values.list("class-weights")) {
    add_item(values, item, labels, found);
  }
  return found;
}

void weigh_classes(const std::optional<class_weights>& weights,
                   kernels::linear_model kind, train_test_sources& sources) {
  if (!weights || kind == kernels::linear_model::one_against_rest) {
    return;
  }
  for (source* const part : {&sources.train, &sources.test}) {
    if (!part->data.empty()) {
      part->data = kernels::with_class_weights(part->data, *weights);
    }
  }
}

void check_weights(const settings& values, const source& train) {
  if (!train.data.is_weighted()) {
    return;
  }
  const float largest = train.data.largest_weight();
  if (largest == 0.0F || std::isinf(largest)) {
    values.fail(
        values.has("class-weights") ? "class-weights" : "sample-weights",
        fmt::format("{} of {} {}", largest == 0.0F ? "all samples" : "a sample",
                    train.name,
                    largest == 0.0F ? "weigh 0, so nothing to learn from"
                                    : "weighs more than a float holds"));
  }
}

}  // namespace sounder::app

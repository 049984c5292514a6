#include "apps/sounder/trained_model.hpp"

#include <utility>

#include <fmt/format.h>

#include "apps/sounder/unseen.hpp"
#include "kernels/data/constant_feature.hpp"
#include "kernels/data/data_error.hpp"
#include "kernels/data/labels.hpp"

namespace sounder::app {

using kernels::data_error;
using kernels::dataset;

dataset prepare_for(const kernels::model& trained,
                    const kernels::normalisation& how, const settings& values,
                    source&& samples, bool with_labels) {
  dataset data = std::exchange(samples.data, {});
  if (data.features() > trained.features ||
      (!data.is_sparse() && data.features() != trained.features)) {
    throw data_error(samples.name,
                     fmt::format("has {} features, the model {}; use the data "
                                 "that the model is for{}",
                                 data.features(), trained.features,
                                 data.features() + 1 == trained.features
                                     ? ", and say so when a CSV file has no "
                                       "labels (--label-column none)"
                                     : ""));
  }
  if (with_labels && kernels::is_multi_class(trained.kind)) {
    data = kernels::encode_classes(data, trained.labels, samples.name);
  } else if (with_labels && kernels::is_classifier(trained.kind)) {
    const auto positive = values.optional_number<float>("positive");
    const float first = trained.labels[0];
    if (positive && first != *positive && first != 1.0F) {
      values.fail("positive", fmt::format("{} is not the model's positive "
                                          "label, which is {}",
                                          *positive, first));
    }
    data = positive ? kernels::encode_one_against_rest(data, {*positive},
                                                       *positive, samples.name)
                    : kernels::encode_binary(data, {trained.labels[1], first},
                                             samples.name);
  }
  if (data.is_sparse()) {
    data = dataset(data).widened(trained.features);
  }
  data = kernels::normalise(std::move(data), how);
  if (trained.bias != 0.0) {
    data = kernels::with_constant_feature(std::move(data),
                                          static_cast<float>(trained.bias));
  }
  return data;
}

trained_model::trained_model(const std::string& file) {
  if (kernels::holds_network(file)) {
    network_ = kernels::load_network(file);
  } else {
    linear_ = kernels::load_model(file);
    kind_ = linear_.kind;
  }
}

std::string trained_model::name() const {
  return network_.function ? "network" : std::string(kernels::name(kind_));
}

std::span<const float> trained_model::labels() const noexcept {
  return network_.function ? network_.labels : linear_.labels;
}

const float* trained_model::weights() const noexcept {
  return network_.function ? network_.weights.data() : linear_.weights.data();
}

std::size_t trained_model::outputs() const noexcept {
  return network_.function ? network_.function->outputs() : linear_.outputs;
}

namespace {

/// Throws data_error when the samples are no input of a network.
void check_size(const source& samples, const kernels::shape& input) {
  const dataset& data = samples.data;
  if (data.features() > input.size() ||
      (!data.is_sparse() && data.features() != input.size())) {
    throw data_error(
        samples.name,
        fmt::format("has {} values a sample, the network's input "
                    "is {} ({})",
                    data.features(), to_text(input), input.size()));
  }
}

}  // namespace

std::size_t trained_model::features() const noexcept {
  return network_.function ? network_.function->input().output().size()
                           : linear_.features;
}

prepared_samples trained_model::prepare(const settings& values,
                                        source&& samples,
                                        bool with_labels) const {
  samples.data = leave_out_unknown_features(
      values, std::move(samples.data), samples.name, features(), "the model");
  if (network_.function) {
    check_size(samples, network_.function->input().output());
  }
  // One class against the rest knows no other.
  const bool has_classes =
      with_labels && !labels().empty() &&
      (kernels::is_multi_class(kind_) || !values.has("positive"));
  const std::size_t unseen =
      has_classes ? leave_out_unseen_classes(values, samples, labels()) : 0;
  if (!network_.function) {
    // The weights make up for what else was normalised.
    kernels::normalisation how;
    if (linear_.normalised == kernels::normalisation_kind::unit_rows) {
      how.kind = linear_.normalised;
    }
    return {prepare_for(linear_, how, values, std::move(samples), with_labels),
            unseen};
  }
  dataset data = std::exchange(samples.data, {});
  return {with_labels
              ? kernels::encode_classes(data, network_.labels, samples.name)
              : data,
          unseen};
}

std::shared_ptr<const kernels::objective> trained_model::objective_for(
    const dataset& data) const {
  if (network_.function) {
    return network_.function;
  }
  return kernels::make_linear(kind_, data, linear_.labels.size(), {});
}

}  // namespace sounder::app

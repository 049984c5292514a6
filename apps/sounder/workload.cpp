#include "apps/sounder/workload.hpp"

#include <algorithm>
#include <utility>

#include <fmt/format.h>

#include "apps/sounder/network_model.hpp"
#include "apps/sounder/unseen.hpp"
#include "apps/sounder/weight_options.hpp"
#include "kernels/data/data_error.hpp"
#include "kernels/data/labels.hpp"
#include "kernels/model/fold.hpp"
#include "kernels/network/network_file.hpp"

namespace sounder::app {

namespace {

using kernels::data_error;
using kernels::dataset;
using kernels::linear_model;

/// Encodes training and test labels alike; `encode(data, name)`.
template <class Encode>
void encode_both(train_test_sources& sources, const Encode& encode) {
  sources.train.data = encode(sources.train.data, sources.train.name);
  if (!sources.test.data.empty()) {
    sources.test.data = encode(sources.test.data, sources.test.name);
  }
}

/// Labels of a binary model, the positive one first.
std::vector<float> encode_binary(const settings& values,
                                 const kernels::label_set& labels,
                                 train_test_sources& sources) {
  const auto positive = values.optional_number<float>("positive");
  if (positive && labels.size() != 2) {
    encode_both(sources, [&](const dataset& data, const std::string& name) {
      return kernels::encode_one_against_rest(data, labels, *positive, name);
    });
    return {1.0F, -1.0F};
  }
  kernels::label_set ordered = labels;  // the positive one last
  if (positive && *positive == labels[0]) {
    std::swap(ordered[0], ordered[1]);
  } else if (positive && *positive != labels[1]) {
    values.fail("positive",
                fmt::format("{} is not among the labels of {} ({})", *positive,
                            sources.train.name, kernels::list_labels(labels)));
  }
  encode_both(sources, [&](const dataset& data, const std::string& name) {
    return positive
               ? kernels::encode_one_against_rest(data, labels, *positive, name)
               : kernels::encode_binary(data, ordered, name);
  });
  return {ordered[1], ordered[0]};
}

/// Counts in `unseen` what the test set has of other classes.
std::vector<float> encode(const settings& values, linear_model kind,
                          train_test_sources& sources, std::size_t& unseen) {
  if (kernels::is_multi_class(kind) || !kernels::is_classifier(kind)) {
    if (values.has("positive")) {
      values.fail("positive",
                  fmt::format("is for models of two classes, {} is not one; "
                              "leave it out",
                              kernels::name(kind)));
    }
  }
  if (!kernels::is_classifier(kind)) {
    return {};
  }
  kernels::label_set labels =
      kernels::distinct_labels(sources.train.data, sources.train.name);
  if (kernels::is_multi_class(kind) || !values.has("positive")) {
    unseen = leave_out_unseen_classes(values, sources.test, labels);
  }
  if (!kernels::is_multi_class(kind)) {
    return encode_binary(values, labels, sources);
  }
  encode_both(sources, [&](const dataset& data, const std::string& name) {
    return kernels::encode_classes(data, labels, name);
  });
  return labels;
}

void check_widths(const train_test_sources& sources) {
  const dataset& train = sources.train.data;
  const dataset& test = sources.test.data;
  if (test.empty()) {
    return;
  }
  if (test.layout() != train.layout() &&
      test.is_sparse() != train.is_sparse()) {
    throw data_error(sources.test.name,
                     "is of another kind (sparse, dense) than the training "
                     "set; convert one of them (sounder data convert)");
  }
  if (!test.is_sparse() && test.features() != train.features()) {
    throw data_error(sources.test.name,
                     fmt::format("has {} columns, the training set {}",
                                 test.features(), train.features()));
  }
}

void prepare_linear(const settings& values, train_test_sources& sources,
                    const feature_needs& needs, workload& work) {
  work.model_name = kernels::name(work.kind);
  dataset train = std::exchange(sources.train.data, {});
  dataset test = std::exchange(sources.test.data, {});
  const bool sparse = train.is_sparse();
  if (!test.empty() && sparse) {
    test = dataset(test).widened(work.features);
  }
  work.normalised = normalise(values, train, test);
  work.order = kernels::by_frequency(train, needs.unused);
  if (sparse) {
    train = kernels::renumber(std::move(train), work.order, needs.are_sorted);
    if (!test.empty()) {
      test = kernels::renumber(std::move(test), work.order, needs.are_sorted);
    }
  }
  work.train = std::move(train);
  work.test = std::move(test);
}

void prepare_network(const settings& values, train_test_sources& sources,
                     const model_choice& choice, workload& work) {
  // Config files that --dump-config wrote have the defaults, too.
  if (values.text("bias") != "auto" && values.text("bias") != "0") {
    values.fail("bias", "is for linear models, not for networks");
  }
  if (values.text("regularizer") != "l2") {
    values.fail("regularizer", "is for linear models, not for networks");
  }
  work.model_name = choice.network;
  work.train = std::exchange(sources.train.data, {});
  work.test = std::exchange(sources.test.data, {});
  if (!work.test.empty() && work.test.is_sparse()) {
    work.test = dataset(work.test).widened(work.features);
  }
  work.network = read_network(values, work.train, work.labels, work.name);
}

/// The model that these parameters are, in the order of the files.
kernels::model as_model(const workload& work, std::span<const float> weights) {
  kernels::model m;
  m.kind = work.kind;
  m.labels = work.labels;
  m.features = work.features;
  m.outputs = kernels::is_multi_class(work.kind) ? work.classes() : 1;
  m.bias = work.normalised.bias;
  m.weights.resize(work.order.width() * m.outputs);
  work.order.restore(weights, m.weights, m.outputs);
  kernels::fold(work.normalised.how, work.normalised.constant, m);
  return m;
}

/// Parameters in the order of the training.
std::vector<float> as_parameters(const workload& work, kernels::model start,
                                 const std::string& file) {
  const auto fail = [&](const std::string& what) {
    throw data_error(file, what +
                               "; --warm-start needs a model of the same kind "
                               "and shape");
  };
  if (start.kind != work.kind) {
    fail(fmt::format("is a model of kind {}, the run trains {}",
                     kernels::name(start.kind), kernels::name(work.kind)));
  }
  if (start.labels != work.labels) {
    fail(fmt::format("has the labels {}, the data {}",
                     kernels::list_labels(start.labels),
                     kernels::list_labels(work.labels)));
  }
  if (start.features != work.features) {
    fail(fmt::format("has {} features, the data {} (--features declares more)",
                     start.features, work.features));
  }
  const normalised_features& run = work.normalised;
  if (start.bias != run.bias) {
    fail(fmt::format("has --bias {}, the run {}", start.bias, run.bias));
  }
  if (const auto unit_rows = kernels::normalisation_kind::unit_rows;
      (start.normalised == unit_rows) != (run.how.kind == unit_rows)) {
    fail(fmt::format("has --normalise {}, the run {}",
                     kernels::name(start.normalised),
                     kernels::name(run.how.kind)));
  }
  kernels::unfold(run.how, run.constant, start);
  std::vector<float> parameters(work.order.features() * start.outputs);
  work.order.arrange(start.weights, parameters, start.outputs);
  return parameters;
}

}  // namespace

std::vector<float> workload::objective_class_weights() const {
  std::vector<float> weights;
  for (const float label : labels) {
    if (class_weights && kind == linear_model::one_against_rest) {
      weights.push_back(class_weights->of(label));
    }
  }
  return weights;
}

workload prepare(const settings& values, train_test_sources&& sources,
                 const model_choice& choice, const feature_needs& needs) {
  sources.test.data = leave_out_unknown_features(
      values, std::move(sources.test.data), sources.test.name,
      sources.train.data.features(), "the training set");
  check_widths(sources);
  workload work;
  work.kind = choice.kind;
  work.name = sources.train.name;
  work.features = sources.train.data.features();
  work.class_weights = read_class_weights(values, choice.kind, sources.train);
  weigh_classes(work.class_weights, choice.kind, sources);
  check_weights(values, sources.train);
  work.labels = encode(values, choice.kind, sources, work.unseen);
  if (choice.network.empty()) {
    prepare_linear(values, sources, needs, work);
  } else {
    prepare_network(values, sources, choice, work);
  }
  return work;
}

void check_batch(const settings& values, const workload& work,
                 const actors::training_plan& plan, std::size_t replicas) {
  if (!work.network) {
    return;
  }
  const std::size_t rows =
      work.train.rows() / std::max<std::size_t>(replicas, 1);
  const std::size_t least = work.network->least_batch();
  if (actors::batch_of(plan, 0) < least) {
    values.fail(plan.batch_size < least ? "batch" : "gd-batch",
                "1 sample has no batch statistics, which batch norm "
                "needs; take 2 or more");
  }
  if (plan.batch_size > rows) {
    values.fail("batch", fmt::format("{} is more than the {} samples of a "
                                     "replica",
                                     plan.batch_size, rows));
  }
}

void save(const workload& work, std::span<const float> weights,
          const std::string& file) {
  if (work.network) {
    kernels::save_network(*work.network, work.labels, weights, file);
  } else {
    kernels::save_model(as_model(work, weights), file);
  }
}

std::vector<float> read_start(const workload& work, const std::string& file) {
  if (work.network) {
    return kernels::load_weights(*work.network, file, work.labels);
  }
  if (kernels::holds_network(file)) {
    throw data_error(file,
                     fmt::format("is a network, the run trains {}; --resume "
                                 "needs a model of the same kind and shape",
                                 kernels::name(work.kind)));
  }
  return as_parameters(work, kernels::load_model(file), file);
}

}  // namespace sounder::app

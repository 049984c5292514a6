#include "apps/sounder/sample_source.hpp"

#include <algorithm>
#include <numeric>
#include <set>
#include <stdexcept>
#include <utility>
#include <vector>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "apps/sounder/commands.hpp"
#include "apps/sounder/generate_options.hpp"
#include "apps/sounder/network_model.hpp"
#include "apps/sounder/plan_options.hpp"
#include "apps/sounder/trained_model.hpp"
#include "kernels/data/data_error.hpp"
#include "kernels/data/topics.hpp"

namespace sounder::app {

namespace {

using kernels::data_error;
using kernels::dataset;
using nlohmann::json;

/// The options of these groups that were given. Flags have no value.
json options_of(const settings& values,
                const std::vector<option_group>& groups) {
  json found = json::object();
  for (const option_group& group : groups) {
    for (const option& o : group.options) {
      const bool is_flag = o.argument.empty();
      if (is_flag ? values.flag(o.name)
                  : values.given(o.name) && values.has(o.name)) {
        found[o.name] = is_flag ? "" : values.text(o.name);
      }
    }
  }
  return found;
}

/// train's options with our files.
invocation as_invocation(const json& options, const std::string& data,
                         const std::string& topics,
                         const std::string& weights) {
  std::vector<std::string> words;
  for (const auto& [name, value] : options.items()) {
    const auto text = value.get<std::string>();
    words.push_back("--" + name + (text.empty() ? "" : "=" + text));
  }
  words.push_back("--data=" + data);
  if (!topics.empty()) {
    words.push_back("--topics=" + topics);
  }
  if (!weights.empty()) {
    words.push_back("--sample-weights=" + weights);
  }
  return parse(train_command(), words);
}

/// The leader says which topic, the node where the topics of its samples are.
void check_topics(bool leader_has_topic, const own_files& own) {
  if (leader_has_topic && own.topics.empty()) {
    throw data_error(own.data,
                     "the leader trains on a topic (--topic); start the node "
                     "with the --topics of these samples");
  }
  if (!leader_has_topic && !own.topics.empty()) {
    throw data_error(own.topics,
                     "the leader trains on labels, not on a topic; give it "
                     "--topics and --topic, or start the node without");
  }
}

/// A run weighs all its samples one by one, or none.
void check_sample_weights(bool leader_has_some, const own_files& own) {
  if (leader_has_some && own.weights.empty()) {
    throw data_error(own.data,
                     "the leader's samples have weights (--sample-weights); "
                     "start the node with the --sample-weights of these "
                     "samples");
  }
  if (!leader_has_some && !own.weights.empty()) {
    throw data_error(own.weights,
                     "the leader's samples have no weights; give it "
                     "--sample-weights, or start the node without");
  }
}

/// Nothing for one-against-rest: its objective tells them.
json as_json(const workload& work) {
  json said;
  if (work.class_weights && work.objective_class_weights().empty()) {
    said["others"] = work.class_weights->others;
    for (const auto& [label, weight] : work.class_weights->by_label) {
      said["of"].push_back({label, weight});
    }
  }
  return said;
}

dataset with_class_weights(const dataset& data, const json& said) {
  if (said.is_null()) {
    return data;
  }
  kernels::class_weights weights;
  weights.others = said.at("others");
  for (const json& item : said.at("of")) {
    weights.by_label[item.at(0)] = item.at(1);
  }
  return kernels::with_class_weights(data, weights);
}

/// Samples of another kind or width than the leader's would be misunderstood.
void check_kind(const dataset& data, const kernels::model& leader, bool sparse,
                const std::string& file) {
  if (data.is_sparse() != sparse) {
    throw data_error(
        file,
        "is of another kind (sparse, dense) than the leader's samples; convert "
        "one of them (sounder data convert)");
  }
  if (data.features() > leader.features ||
      (!sparse && data.features() != leader.features)) {
    throw data_error(
        file, fmt::format("has {} features, the leader's samples {}{}",
                          data.features(), leader.features,
                          sparse ? fmt::format("; declare the width there "
                                               "(--features {})",
                                               data.features())
                                 : ""));
  }
}

kernels::feature_order as_order(std::vector<std::uint32_t> originals,
                                std::size_t features) {
  if (originals.empty()) {
    return kernels::feature_order::identity(features);
  }
  std::vector<std::uint32_t> sorted = originals;
  std::sort(sorted.begin(), sorted.end());
  for (std::uint32_t k = 0; k < sorted.size(); ++k) {
    if (sorted[k] != k || sorted.size() != features) {
      throw std::invalid_argument("an order of features that is none");
    }
  }
  return {std::move(originals), features};
}

}  // namespace

std::string copy_source(const settings& values) {
  json source =
      options_of(values, {training_data_options(), format_options(),
                          label_options(true), generator_options("generate"),
                          model_options(), network_model_options()});
  source["seed"] = values.text("seed");
  return source.dump();
}

std::string part_source(const settings& values, const workload& work) {
  json options = options_of(values, {format_options(), model_options()});
  if (work.network) {
    options["model"] = "softmax";  // labels are all that is needed there
  }
  for (const char* const name : {"positive", "topic"}) {
    if (values.has(name)) {
      options[name] = values.text(name);
    }
  }
  std::vector<std::uint32_t> order;
  for (std::uint32_t k = 0;
       !work.order.is_identity() && k < work.order.features(); ++k) {
    order.push_back(work.order.original(k));
  }
  return json{{"options", std::move(options)},
              {"labels", work.labels},
              {"features", work.features},
              {"bias", work.bias},
              {"sparse", work.train.is_sparse()},
              {"order", std::move(order)},
              {"class_weights", as_json(work)},
              {"sample_weights", values.has("sample-weights")}}
      .dump();
}

dataset open_copy(const std::string& source, const own_files& own,
                  progress& out) {
  json options = json::parse(source);
  for (const char* const other : {"data", "test", "test-topics", "generate"}) {
    options.erase(other);
  }
  if (!own.topics.empty()) {
    check_topics(options.contains("topic"), own);
    options.erase("topics");
  }
  if (!own.weights.empty()) {
    check_sample_weights(options.contains("sample-weights"), own);
    options.erase("sample-weights");
  }
  const invocation given =
      as_invocation(options, own.data, own.topics, own.weights);
  train_test_sources sources = load_training_data(given.values, out);
  return prepare(given.values, std::move(sources), read_model(given.values), {})
      .train;
}

dataset open_part(const std::string& source, const own_files& own,
                  progress& out) {
  const json said = json::parse(source);
  json options = said.at("options");
  const std::string topic = options.value("topic", "");
  options.erase("topic");
  check_topics(!topic.empty(), own);
  check_sample_weights(said.at("sample_weights"), own);
  const invocation given = as_invocation(options, own.data, "", own.weights);
  kernels::model leader;
  leader.kind = read_model(given.values).kind;
  leader.labels = said.at("labels").get<std::vector<float>>();
  leader.features = said.at("features");
  leader.bias = said.at("bias");
  const bool sparse = said.at("sparse");
  train_test_sources sources = load_training_data(given.values, out);
  dataset samples = std::move(sources.train.data);
  if (samples.empty()) {
    throw data_error(own.data, "has no samples");
  }
  check_kind(samples, leader, sparse, own.data);
  if (!topic.empty()) {
    samples = kernels::label_by_topic(samples, kernels::read_topics(own.topics),
                                      topic);
  }
  samples = with_class_weights(samples, said.at("class_weights"));
  dataset data =
      prepare_for(leader, given.values, {std::move(samples), own.data}, true);
  const std::size_t width = data.features();
  return kernels::renumber(
      std::move(data),
      as_order(said.at("order").get<std::vector<std::uint32_t>>(), width));
}

}  // namespace sounder::app

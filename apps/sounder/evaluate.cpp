// sounder evaluate: loss and errors of a saved model.

#include <algorithm>
#include <array>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "apps/sounder/commands.hpp"
#include "apps/sounder/data_options.hpp"
#include "apps/sounder/table.hpp"
#include "apps/sounder/training_run.hpp"
#include "apps/sounder/workload.hpp"
#include "kernels/model/model_file.hpp"

namespace sounder::app {

namespace {

using json = nlohmann::ordered_json;

constexpr std::array<std::string_view, 2> outputs = {"table", "json"};

/// How often a binary model says + or - where + or - is true.
struct confusion {
  std::uint64_t true_positive = 0;
  std::uint64_t false_positive = 0;
  std::uint64_t true_negative = 0;
  std::uint64_t false_negative = 0;
};

confusion count(const kernels::objective& objective,
                const kernels::dataset& data, const float* weights) {
  std::vector<float> scores(data.rows());
  objective.predict(data, 0, data.rows(), weights, scores.data());
  confusion c;
  for (std::size_t i = 0; i < scores.size(); ++i) {
    const bool is = data.labels()[i] > 0.0F;
    const bool said = scores[i] > 0.0F;
    ++(is ? (said ? c.true_positive : c.false_negative)
          : (said ? c.false_positive : c.true_negative));
  }
  return c;
}

json measure(const kernels::model& m, const kernels::dataset& data) {
  const auto objective =
      kernels::make_linear(m.kind, data, m.labels.size(), {});
  const kernels::loss_sums sums =
      objective->evaluate(data, 0, data.rows(), m.weights.data());
  const auto rows = static_cast<double>(sums.rows);
  json out = {{"model", kernels::name(m.kind)},
              {"samples", sums.rows},
              {"loss", sums.loss / rows}};
  if (!kernels::is_classifier(m.kind)) {
    return out;
  }
  const double error = static_cast<double>(sums.errors) / rows;
  out.update(
      {{"errors", sums.errors}, {"error", error}, {"accuracy", 1.0 - error}});
  if (!kernels::is_multi_class(m.kind)) {
    const confusion c = count(*objective, data, m.weights.data());
    out.update({{"positive_label", m.labels[0]},
                {"true_positive", c.true_positive},
                {"false_positive", c.false_positive},
                {"true_negative", c.true_negative},
                {"false_negative", c.false_negative}});
  }
  return out;
}

std::string as_table(const json& measured) {
  table rows({"", ""}, true);
  for (const auto& [key, value] : measured.items()) {
    std::string title = key;
    std::replace(title.begin(), title.end(), '_', ' ');
    rows.add({title, key == "error" || key == "accuracy"
                         ? percent(value.get<double>())
                     : value.is_number_float() ? number(value.get<double>())
                     : value.is_string()       ? value.get<std::string>()
                                               : value.dump()});
  }
  return rows.text().substr(1);  // no titles
}

int run(const invocation& given) {
  const settings& values = given.values;
  const bool json_wanted = values.one_of("output", outputs) == "json";
  const std::string& data_file = values.required("data");
  const kernels::model m = kernels::load_model(values.required("model-file"));
  std::vector<load_record> records;
  source samples = load(values, data_file, part::test, records);
  choose_topic(values, "topics", samples);
  const kernels::dataset data =
      prepare_for(m, values, std::move(samples), true);
  const json measured = measure(m, data);
  print(json_wanted ? measured.dump(2) + "\n" : as_table(measured));
  return 0;
}

}  // namespace

command evaluate_command() {
  command c;
  c.name = "evaluate";
  c.summary = "loss and errors of a saved model on a data set";
  c.text =
      "  sounder evaluate --model-file m.txt --data rcv1_test.svm.xz\n"
      "  sounder evaluate --model-file m.npz --data mnist/ --output json\n"
      "\n"
      "Reads models of sounder train and of liblinear. Of a folder of images "
      "it takes\nthe test half. The loss is the mean without the penalty.\n";
  c.groups = {{"Evaluation",
               {{"model-file", "FILE", "", "the model, text or .npz"},
                {"data", "FILE", "", "labelled samples; a file or a folder"},
                {"output", "FORM", "table", "table, json"}}},
              format_options(),
              label_options(false),
              common_options()};
  c.run = run;
  return c;
}

}  // namespace sounder::app

// sounder evaluate: loss and errors of a saved model.

#include <algorithm>
#include <array>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "apps/sounder/commands.hpp"
#include "apps/sounder/data_options.hpp"
#include "apps/sounder/recall.hpp"
#include "apps/sounder/table.hpp"
#include "apps/sounder/trained_model.hpp"
#include "apps/sounder/training_run.hpp"
#include "kernels/data/parallel.hpp"

namespace sounder::app {

namespace {

using json = nlohmann::ordered_json;

constexpr std::array<std::string_view, 2> outputs = {"table", "json"};

/// Blocks of rows, as many at a time as there are processors.
kernels::loss_sums sums_of(const kernels::objective& objective,
                           const kernels::dataset& data, const float* weights) {
  constexpr std::size_t block = 1024;
  std::vector<kernels::loss_sums> parts((data.rows() + block - 1) / block);
  kernels::run_tasks(parts.size(), 0, [&](std::size_t i, unsigned) {
    parts[i] = objective.evaluate(
        data, i * block, std::min((i + 1) * block, data.rows()), weights);
  });
  kernels::loss_sums sums;
  for (const kernels::loss_sums& part : parts) {
    sums += part;
  }
  return sums;
}

/// What is said of a model, and how many of each class it finds; nothing of a
/// regression.
struct measurement {
  json numbers;
  std::vector<class_recall> found;
};

/// How often a binary model says + or - where + or - is true.
json confusion(const class_recall& positive, const class_recall& negative) {
  return {{"positive_label", positive.label},
          {"true_positive", positive.found},
          {"false_positive", negative.samples - negative.found},
          {"true_negative", negative.found},
          {"false_negative", positive.samples - positive.found}};
}

measurement measure(const trained_model& m, const kernels::dataset& data) {
  const auto objective = m.objective_for(data);
  const kernels::loss_sums sums = sums_of(*objective, data, m.weights());
  const auto rows = static_cast<double>(sums.rows);
  measurement all;
  all.numbers = {
      {"model", m.name()}, {"samples", sums.rows}, {"loss", sums.loss / rows}};
  if (!kernels::is_classifier(m.kind())) {
    return all;
  }
  const double error = static_cast<double>(sums.errors) / rows;
  all.numbers.update(
      {{"errors", sums.errors}, {"error", error}, {"accuracy", 1.0 - error}});
  all.found = recall_of(*objective, m.kind(), data, m.weights(), m.labels());
  if (!kernels::is_multi_class(m.kind())) {
    all.numbers.update(confusion(all.found[0], all.found[1]));
  }
  return all;
}

std::string as_table(const measurement& measured) {
  table rows({"", ""}, true);
  for (const auto& [key, value] : measured.numbers.items()) {
    std::string title = key;
    std::replace(title.begin(), title.end(), '_', ' ');
    rows.add({title, key == "error" || key == "accuracy"
                         ? percent(value.get<double>())
                     : value.is_number_float() ? number(value.get<double>())
                     : value.is_string()       ? value.get<std::string>()
                                               : value.dump()});
  }
  if (!measured.found.empty()) {
    rows.add({"found of each class", as_text(measured.found)});
  }
  return rows.text().substr(1);  // no titles
}

json as_json(const measurement& measured) {
  json all = measured.numbers;
  if (!measured.found.empty()) {
    all["found"] = as_json(measured.found);
  }
  return all;
}

int run(const invocation& given) {
  const settings& values = given.values;
  const bool json_wanted = values.one_of("output", outputs) == "json";
  const std::string& data_file = values.required("data");
  const trained_model m(values.required("model-file"));
  std::vector<load_record> records;
  source samples = load(values, data_file, part::test, records);
  choose_topic(values, "topics", samples);
  const kernels::dataset data = m.prepare(values, std::move(samples), true);
  const measurement measured = measure(m, data);
  print(json_wanted ? as_json(measured).dump(2) + "\n" : as_table(measured));
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

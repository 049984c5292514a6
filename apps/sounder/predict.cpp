// sounder predict: a line of predictions a sample.

#include <algorithm>
#include <cmath>
#include <functional>
#include <span>

#include <fmt/format.h>

#include "apps/sounder/commands.hpp"
#include "apps/sounder/data_options.hpp"
#include "apps/sounder/output_path.hpp"
#include "apps/sounder/trained_model.hpp"
#include "apps/sounder/unseen.hpp"
#include "kernels/data/atomic_file.hpp"

namespace sounder::app {

namespace {

constexpr std::size_t rows_at_a_time = 4096;

/// Probabilities of the labels, in their order.
std::vector<double> probabilities(const trained_model& m,
                                  std::span<const float> scores) {
  if (m.kind() == kernels::linear_model::logistic) {
    const double p = 1.0 / (1.0 + std::exp(-double{scores[0]}));
    return {p, 1.0 - p};
  }
  const double most = *std::max_element(scores.begin(), scores.end());
  std::vector<double> p;
  double sum = 0.0;
  for (const float z : scores) {
    p.push_back(std::exp(double{z} - most));
    sum += p.back();
  }
  for (double& x : p) {
    x /= sum;
  }
  return p;
}

std::string prediction(const trained_model& m, std::span<const float> z) {
  if (m.labels().empty()) {
    return fmt::format("{:.9g}", z[0]);
  }
  const std::size_t best =
      m.outputs() == 1 ? (z[0] > 0.0F ? 0 : 1)
                       : static_cast<std::size_t>(
                             std::max_element(z.begin(), z.end()) - z.begin());
  return fmt::format("{}", m.labels()[best]);
}

struct line_format {
  bool scores = false;
  bool probabilities = false;
};

/// Those of classes that have a label: a network may have more outputs than
/// its training samples had classes.
std::span<const float> labelled(const trained_model& m,
                                std::span<const float> scores) {
  return m.outputs() == 1 ? scores : scores.first(m.labels().size());
}

std::string line(const trained_model& m, std::span<const float> scores,
                 line_format form) {
  std::string text = prediction(m, scores);
  if (form.scores) {
    text += fmt::format(" {:.9g}", fmt::join(scores, " "));
  }
  if (form.probabilities) {
    text += fmt::format(" {:.9g}", fmt::join(probabilities(m, scores), " "));
  }
  return text + '\n';
}

void predict(const trained_model& m, const kernels::dataset& data,
             line_format form, const std::function<void(std::string)>& out) {
  const auto objective = m.objective_for(data);
  std::vector<float> scores(rows_at_a_time * m.outputs());
  for (std::size_t i = 0; i < data.rows(); i += rows_at_a_time) {
    const std::size_t end = std::min(data.rows(), i + rows_at_a_time);
    objective->predict(data, i, end, m.weights(), scores.data());
    std::string lines;
    for (std::size_t k = 0; k < end - i; ++k) {
      lines += line(
          m,
          labelled(m, std::span(scores).subspan(k * m.outputs(), m.outputs())),
          form);
    }
    out(std::move(lines));
  }
}

int run(const invocation& given) {
  const settings& values = given.values;
  const std::string out = output_path(values, "out");
  const std::string& data_file = values.required("data");
  const trained_model m(values.required("model-file"));
  const line_format form{values.flag("scores"), values.flag("probabilities")};
  if (form.probabilities && m.kind() != kernels::linear_model::logistic &&
      m.kind() != kernels::linear_model::softmax) {
    values.fail("probabilities",
                fmt::format("a model of kind {} has none; logistic and softmax "
                            "have (--scores gives decision values)",
                            m.name()));
  }
  std::vector<load_record> records;
  const kernels::dataset data =
      m.prepare(values, load(values, data_file, part::unlabelled_test, records),
                false)
          .data;
  kernels::atomic_file file(out);
  predict(m, data, form, [&](const std::string& lines) { file.write(lines); });
  file.commit();
  return 0;
}

}  // namespace

command predict_command() {
  command c;
  c.name = "predict";
  c.summary = "predictions of a saved model, a line a sample";
  c.text =
      "  sounder predict --model-file m.txt --data new.svm --out labels.txt\n"
      "  sounder predict --model-file m.npz --data new.svm --probabilities\n"
      "\n"
      "A line has the label (the value, for regression), then decision values, "
      "then\nprobabilities, as asked for: one value for binary models (of the "
      "first label of\nthe model file), else one a class in ascending order. "
      "Labels in the data are\nread and ignored; images and svmlight lines "
      "need "
      "none, and a CSV file does without\nby --label-column none.\n";
  c.groups = {
      {"Prediction",
       {{"model-file", "FILE", "", "the model, text or .npz"},
        {"data", "FILE", "", "samples; a file or a folder"},
        {"out", "FILE", "-", "where to; - is stdout"},
        unknown_features_option(),
        {"scores", "", "", "add decision values"},
        {"probabilities", "", "", "add probabilities (logistic, softmax)"}}},
      format_options(),
      common_options()};
  c.run = run;
  return c;
}

}  // namespace sounder::app

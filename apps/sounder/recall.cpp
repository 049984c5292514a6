#include "apps/sounder/recall.hpp"

#include <algorithm>
#include <cstddef>

#include <fmt/format.h>

#include "kernels/data/parallel.hpp"

namespace sounder::app {

namespace {

/// The class that the scores of a sample say, by its place in the labels.
std::size_t class_said(std::span<const float> scores) {
  if (scores.size() == 1) {
    return scores[0] > 0.0F ? 0 : 1;
  }
  const auto best = std::max_element(scores.begin(), scores.end());
  return static_cast<std::size_t>(best - scores.begin());
}

/// The class that an encoded label stands for, by its place in the labels.
std::size_t class_of(float label, bool is_multi_class) {
  return is_multi_class ? static_cast<std::size_t>(label)
                        : (label > 0.0F ? 0 : 1);
}

}  // namespace

std::vector<class_recall> recall_of(const kernels::objective& objective,
                                    kernels::linear_model kind,
                                    const kernels::dataset& data,
                                    const float* weights,
                                    std::span<const float> labels) {
  constexpr std::size_t block = 1024;
  const std::size_t outputs = objective.outputs();
  std::vector<float> scores(data.rows() * outputs);
  kernels::run_tasks(
      (data.rows() + block - 1) / block, 0, [&](std::size_t i, unsigned) {
        objective.predict(data, i * block,
                          std::min((i + 1) * block, data.rows()), weights,
                          scores.data() + i * block * outputs);
      });
  std::vector<class_recall> recalls;
  for (const float label : labels) {
    recalls.push_back({label, 0, 0});
  }
  const bool is_multi_class = kernels::is_multi_class(kind);
  for (std::size_t i = 0; i < data.rows(); ++i) {
    const std::size_t is = class_of(data.labels()[i], is_multi_class);
    const std::size_t said =
        class_said(std::span(scores).subspan(i * outputs, outputs));
    recalls[is].samples += 1;
    recalls[is].found += said == is ? 1 : 0;
  }
  return recalls;
}

std::string as_text(const std::vector<class_recall>& recalls) {
  constexpr std::size_t shown = 20;
  std::string text;
  for (std::size_t c = 0; c < std::min(shown, recalls.size()); ++c) {
    text += fmt::format("{}{}: {} of {}", c == 0 ? "" : ", ", recalls[c].label,
                        recalls[c].found, recalls[c].samples);
  }
  return text + (recalls.size() > shown ? ", ..." : "");
}

nlohmann::ordered_json as_json(const std::vector<class_recall>& recalls) {
  auto all = nlohmann::ordered_json::array();
  for (const class_recall& of : recalls) {
    all.push_back(
        {{"label", of.label}, {"found", of.found}, {"samples", of.samples}});
  }
  return all;
}

}  // namespace sounder::app

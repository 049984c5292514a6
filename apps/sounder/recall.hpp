#pragma once

// How many samples of each class a model finds.

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include <nlohmann/json.hpp>

#include "kernels/data/dataset.hpp"
#include "kernels/model/linear.hpp"
#include "kernels/model/objective.hpp"

namespace sounder::app {

/// Of one class: its samples, and those that the model says are its.
struct class_recall {
  float label = 0.0F;
  std::uint64_t found = 0;
  std::uint64_t samples = 0;
};

/// By class, in the order of `labels`, which is that of the model: two of a
/// binary one, the positive first. `data` has them encoded.
/// Cost: a prediction of every sample, on all processors.
std::vector<class_recall> recall_of(const kernels::objective& objective,
                                    kernels::linear_model kind,
                                    const kernels::dataset& data,
                                    const float* weights,
                                    std::span<const float> labels);

/// "1: 48 of 50, -1: 4700 of 4950"; of many classes the first twenty.
std::string as_text(const std::vector<class_recall>& recalls);
nlohmann::ordered_json as_json(const std::vector<class_recall>& recalls);

}  // namespace sounder::app

#pragma once

// The table that the tests of linear models run over: every model on every
// layout with every penalty.

#include <cmath>
#include <span>
#include <string>
#include <vector>

#include "kernels/model/linear.hpp"
#include "tests/support/problems.hpp"
#include "tests/support/reference.hpp"

namespace sounder::tests {

struct linear_case {
  kernels::linear_model model;
  kernels::layout layout;
  kernels::regulariser penalty;
};

inline std::vector<linear_case> linear_cases(double l2) {
  std::vector<linear_case> cases;
  for (const auto model : models) {
    for (const auto layout : layouts) {
      for (const auto form : forms) {
        cases.push_back({model, layout, {form, l2}});
      }
    }
  }
  return cases;
}

inline std::string text(const linear_case& c) {
  constexpr const char* layout_names[] = {"sparse", "dense float",
                                          "dense byte"};
  constexpr const char* form_names[] = {"l2", "per feature", "per sample"};
  return std::string(kernels::name(c.model)) + ", " +
         layout_names[static_cast<int>(c.layout)] + ", " +
         form_names[static_cast<int>(c.penalty.form)];
}

/// Of the model's objective in each of its weights, by differences of +-h.
template <class Real>
std::vector<double> slopes_of_objective(reference<Real>& model, double h) {
  std::vector<double> slopes;
  for (Real& w : model.w) {
    const Real at = w;
    w = at + h;
    const double above = model.objective();
    w = at - h;
    slopes.push_back((above - model.objective()) / (2 * h));
    w = at;
  }
  return slopes;
}

/// Steps through `rows` as a worker does, and folds the scale in at the end.
inline void walk(const kernels::objective& objective,
                 const kernels::dataset& data,
                 std::span<const std::uint32_t> rows, std::size_t batch_size,
                 double step_size, std::vector<float>& w) {
  kernels::worker_scratch scratch;
  kernels::sgd_chunk chunk;
  chunk.data = &data;
  chunk.rows = rows;
  chunk.weights = w.data();
  chunk.batch_size = batch_size;
  chunk.step_size = step_size;
  objective.steps(chunk, scratch);
  const auto batches = (rows.size() + batch_size - 1) / batch_size;
  const auto scale = static_cast<float>(
      std::pow(objective.shrink(step_size), static_cast<double>(batches)));
  for (float& x : w) {
    x *= scale;
  }
}

}  // namespace sounder::tests

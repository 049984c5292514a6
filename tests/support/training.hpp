#pragma once

// Runs for the tests of actors: plans, walks, and objectives whose course is
// known in closed form.

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "actors/run/train.hpp"
#include "kernels/data/row_order.hpp"
#include "tests/support/problems.hpp"
#include "tests/support/reference.hpp"

namespace sounder::tests {

/// One column of ones: data for objectives that do not look.
inline kernels::dataset blank(std::size_t rows) {
  return dense_from(table(rows, {1.0F}), std::vector<float>(rows), 1);
}

inline actors::training_plan plan_of(
    std::shared_ptr<const kernels::objective> objective, topology::graph graph,
    unsigned epochs) {
  actors::training_plan plan;
  plan.graph = std::move(graph);
  plan.objective = std::move(objective);
  plan.epochs = epochs;
  plan.deterministic = true;
  return plan;
}

/// The rows of an epoch in the order in which the plan visits them.
inline std::vector<std::uint32_t> walk_of(const actors::training_plan& plan,
                                          std::size_t rows, unsigned epoch) {
  kernels::row_order order(rows,
                           {plan.order.kind, plan.order.block_rows, plan.seed});
  std::vector<std::uint32_t> out(rows);
  order.fill(epoch, 0, out);
  return out;
}

/// What the plan does, in a plain loop.
template <class Real>
void walk(reference<Real>& plain, const actors::training_plan& plan,
          std::size_t rows) {
  for (unsigned epoch = 0; epoch < plan.epochs; ++epoch) {
    plain.walk(walk_of(plan, rows, epoch), plan.batch_size,
               plan.schedule(epoch));
  }
}

/// A step at step size 1 adds 1 to every coordinate that the sample has, so
/// the end is the number of samples that have it, times the epochs.
class tally : public kernels::objective {
 public:
  explicit tally(std::size_t features) : features_(features) {}

  std::size_t dimension() const noexcept override { return features_; }
  void add_gradient(const kernels::dataset& data,
                    std::span<const std::uint32_t> rows, const float*,
                    std::span<float> gradient) const override {
    for (const std::uint32_t i : rows) {
      for (const auto& [u, x] : pairs_of(data, i)) {
        gradient[u] -= 1.0F;
      }
    }
  }
  kernels::loss_sums evaluate(const kernels::dataset&, std::size_t first,
                              std::size_t last, const float*) const override {
    return {0.0, 0, last - first};
  }
  void predict(const kernels::dataset&, std::size_t, std::size_t, const float*,
               float*) const override {}

 private:
  std::size_t features_;
};

/// Counts samples in its one parameter and tells the losses and errors that
/// the test wrote down for each epoch (from 1 on; the last for all later).
class scripted : public tally {
 public:
  explicit scripted(std::vector<double> losses, std::vector<double> errors = {})
      : tally(1), losses_(std::move(losses)), errors_(std::move(errors)) {}

  kernels::loss_sums evaluate(const kernels::dataset& data, std::size_t first,
                              std::size_t last, const float* w) const override {
    const auto epoch =
        static_cast<std::size_t>(w[0]) / std::max<std::size_t>(rows, 1);
    const auto rows_here = static_cast<double>(last - first);
    kernels::loss_sums sums{at(losses_, epoch) * rows_here, 0, last - first};
    sums.errors = static_cast<std::uint64_t>(at(errors_, epoch) *
                                             static_cast<double>(data.rows()) *
                                             (first == 0 ? 1.0 : 0.0));
    return sums;
  }

  std::size_t rows = 10;  // of the training set

 private:
  static double at(const std::vector<double>& values, std::size_t epoch) {
    return values.empty() ? 0.0
                          : values[std::min(std::max<std::size_t>(epoch, 1),
                                            values.size()) -
                                   1];
  }

  std::vector<double> losses_;
  std::vector<double> errors_;
};

/// Blocks the worker that takes the given gradient until it is let go.
class gated : public tally {
 public:
  gated(std::size_t features, int passing)
      : tally(features), passing_(passing) {}

  void add_gradient(const kernels::dataset& data,
                    std::span<const std::uint32_t> rows, const float* w,
                    std::span<float> gradient) const override {
    if (asked_.fetch_add(1) == passing_) {
      open_.wait(false);
      left_.store(true);
      left_.notify_all();
    }
    tally::add_gradient(data, rows, w, gradient);
  }

  void let_go() const {
    open_.store(true);
    open_.notify_all();
    left_.wait(false);
  }

 private:
  int passing_;
  mutable std::atomic<int> asked_{0};
  mutable std::atomic<bool> open_{false};
  mutable std::atomic<bool> left_{false};
};

}  // namespace sounder::tests

#pragma once

#include <algorithm>
#include <cstddef>
#include <string>
#include <utility>
#include <vector>

#include "kernels/data/dataset.hpp"
#include "kernels/model/objective.hpp"
#include "kernels/model/regulariser.hpp"

namespace sounder::kernels {

/// What linear models of one and of many outputs share: shape and penalty.
class linear_base : public objective {
 public:
  std::size_t dimension() const noexcept override {
    return features_ * outputs_;
  }
  std::size_t outputs() const noexcept override { return outputs_; }
  double penalty(const float* weights) const override;
  bool uses_scale() const noexcept override {
    return form_ == penalty_form::l2 && strength_ > 0.0;
  }
  double shrink(double step_size) const noexcept override {
    return uses_scale() ? 1.0 - step_size * strength_ : 1.0;
  }
  double shrinking_rate() const noexcept override;
  std::string describe() const override { return description_; }
  void set_description(std::string text) { description_ = std::move(text); }
  /// per_feature: the rates, which count features.
  std::vector<float> learned() const override {
    return form_ == penalty_form::per_feature ? rate_ : std::vector<float>{};
  }
  /// What another has learned(). Throws std::invalid_argument when it is for
  /// another form or width.
  void learn(std::vector<float> rates);
  bool writes_sparsely() const noexcept override { return true; }
  /// Text data orders its features by popularity (feature_order.hpp): 16,384
  /// of them hold 99 % of RCV1's non-zeros.
  std::size_t popular_head() const noexcept override {
    return std::min<std::size_t>(features_, 16384) * outputs_;
  }

 protected:
  /// Throws std::invalid_argument when the strength is negative or not
  /// finite, or a size is zero.
  linear_base(const dataset& train, std::size_t outputs, regulariser penalty);

  /// Adds the penalty's part of the gradient of the mean over `rows`.
  void add_penalty_gradient(const dataset& data,
                            std::span<const std::uint32_t> rows,
                            const float* weights,
                            std::span<float> gradient) const;

  /// 1 / (curvature * r) with r = mean c^2 |x|^4 / mean c |x|^2 over some of
  /// the rows and their weights c: |x|^2 where all rows are alike, more where
  /// some are far longer (a squared loss diverges in the mean from 2 / r on). A
  /// loss without a curvature counts as 1. A slope that is bounded bears 8 / r
  /// when moves are averaged.
  /// Source:   measured, docs/explanation/sgd.md ("The step by default"); LMS's
  ///           stability in the mean square, Widrow and Stearns 1985, for the
  ///           squared loss.
  /// Cost:     one pass over the values of at most 8,192 rows.
  usual_steps usual_steps_for(const dataset& data, double curvature,
                              bool slope_is_bounded) const;

  /// 1 / steepest curvature a step can meet: curvature times the largest
  /// c_i |x_i|^2, plus the fastest shrinking; 0 when curvature is.
  double safe_step_for(const dataset& data, double curvature) const;

  std::size_t features_;
  std::size_t outputs_;
  penalty_form form_;
  double strength_;
  /// per_feature: l2 * n / d_u, the rate at which a touch shrinks w_u;
  /// 0 for features that no sample has.
  std::vector<float> rate_;
  /// per_sample: mean_i [u in x_i] / d_i, what the penalty weighs w_u with.
  std::vector<float> share_;
  std::string description_;
};

}  // namespace sounder::kernels

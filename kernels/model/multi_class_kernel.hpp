#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "kernels/model/linear_base.hpp"
#include "kernels/model/multi_class_loss.hpp"
#include "kernels/model/row_access.hpp"

namespace sounder::kernels {

/// (1 / n) sum_i c_i Loss(W x_i, y_i) plus a penalty, with c_i the weights of
/// the data set, 1 where it has none. W of C x features is stored
/// feature-major, so that the C weights of a feature are neighbours and a
/// row's non-zeros are walked once for all classes.
///
/// Steps and penalty forms are those of linear_objective, class by class.
/// Cost of a sample of m non-zeros: 2 m C flops to look, 2 m C to write.
template <class Loss>
class multi_class_objective : public linear_base {
 public:
  multi_class_objective(const dataset& train, std::size_t classes,
                        regulariser penalty, Loss loss = {})
      : linear_base(train, classes, penalty), loss_(std::move(loss)) {}

  /// A block a class; they lie interleaved.
  std::vector<parameter_block> blocks() const override {
    std::vector<parameter_block> found;
    for (std::size_t c = 0; c < outputs_; ++c) {
      found.push_back({"class " + std::to_string(c), c, features_, outputs_});
    }
    return found;
  }

  bool look(const sgd_chunk& batch, worker_scratch& scratch) const override {
    return with_weighted_rows(
        *batch.data, scratch.row, [&](const auto& access, const auto& weights) {
          return look_at(access, weights, batch, scratch) ||
                 form_ != penalty_form::l2;
        });
  }

  void write(const sgd_chunk& batch, worker_scratch& scratch) const override {
    with_rows(*batch.data, scratch.row,
              [&](const auto& access) { write_from(access, batch, scratch); });
  }

  void add_gradient(const dataset& data, std::span<const std::uint32_t> rows,
                    const float* weights,
                    std::span<float> gradient) const override {
    const float share = 1.0F / static_cast<float>(rows.size());
    std::vector<float> scratch;
    std::vector<float> z(outputs_);
    std::vector<float> slope(outputs_);
    with_weighted_rows(data, scratch, [&](const auto& access, const auto& own) {
      for (const std::uint32_t i : rows) {
        const auto x = access.at(i);
        scores(access, x, weights, 1.0F, z.data());
        loss_.slopes(z.data(), outputs_, target(data, i), slope.data());
        access.for_each(x, [&](std::uint32_t u, float value) {
          for (std::size_t c = 0; c < outputs_; ++c) {
            gradient[u * outputs_ + c] += share * own.of(i) * value * slope[c];
          }
        });
      }
    });
    add_penalty_gradient(data, rows, weights, gradient);
  }

  loss_sums evaluate(const dataset& data, std::size_t first, std::size_t last,
                     const float* weights) const override {
    loss_sums sums;
    sums.rows = last - first;
    std::vector<float> scratch;
    std::vector<float> z(outputs_);
    with_weighted_rows(data, scratch, [&](const auto& access, const auto& own) {
      for (std::size_t i = first; i < last; ++i) {
        scores(access, access.at(i), weights, 1.0F, z.data());
        const std::size_t y = target(data, i);
        sums.loss +=
            static_cast<double>(own.of(i) * loss_.value(z.data(), outputs_, y));
        const auto best = std::max_element(z.begin(), z.end());
        sums.errors +=
            static_cast<std::size_t>(best - z.begin()) == y ? 0U : 1U;
      }
    });
    return sums;
  }

  void predict(const dataset& data, std::size_t first, std::size_t last,
               const float* weights, float* values) const override {
    std::vector<float> scratch;
    with_rows(data, scratch, [&](const auto& access) {
      for (std::size_t i = first; i < last; ++i) {
        scores(access, access.at(i), weights, 1.0F, values);
        values += outputs_;
      }
    });
  }

  usual_steps find_usual_steps(const dataset& data) const override {
    return usual_steps_for(data, static_cast<double>(Loss::curvature), true);
  }

  /// Every class has a weight of each value's feature.
  double row_cost(double values) const noexcept override {
    return values * static_cast<double>(outputs_);
  }

  double safe_step(const dataset& data) const override {
    return safe_step_for(data, static_cast<double>(Loss::curvature));
  }

 private:
  static std::size_t target(const dataset& data, std::size_t i) noexcept {
    return static_cast<std::size_t>(data.labels()[i]);
  }

  /// z = scale * W x
  template <class Access>
  void scores(const Access& access, const typename Access::row& x,
              const float* weights, float scale, float* z) const {
    std::fill_n(z, outputs_, 0.0F);
    access.for_each(x, [&](std::uint32_t u, float value) {
      relaxed::add_scaled(value, weights + u * outputs_, outputs_, z);
    });
    for (std::size_t c = 0; c < outputs_; ++c) {
      z[c] *= scale;
    }
  }

  /// Leaves a column of slopes for each sample in scratch.pending, and the
  /// rows themselves in scratch.batch when they are dense.
  template <class Access, class Weights>
  bool look_at(const Access& access, const Weights& weights,
               const sgd_chunk& batch, worker_scratch& scratch) const {
    const std::size_t n = batch.rows.size();
    const auto scale = static_cast<float>(batch.scale);
    scratch.pending.resize(2 * n * outputs_);
    float* slopes = scratch.pending.data();
    float* z = slopes + n * outputs_;
    if constexpr (Access::is_dense) {
      scratch.batch.resize(n * features_);
      for (std::size_t k = 0; k < n; ++k) {
        access.copy_row(batch.rows[k], scratch.batch.data() + k * features_);
      }
      relaxed::dense_scores(batch.weights, scratch.batch.data(), outputs_,
                            features_, n, scale, z);
    }
    bool moves = false;
    for (std::size_t k = 0; k < n; ++k) {
      const std::uint32_t i = batch.rows[k];
      if constexpr (!Access::is_dense) {
        access.prefetch(batch.rows, k);
        scores(access, access.at(i), batch.weights, scale, z + k * outputs_);
      }
      const bool moved =
          loss_.slopes(z + k * outputs_, outputs_, target(*batch.data, i),
                       slopes + k * outputs_);
      moves = moves || moved;
      if constexpr (Weights::are_given) {
        for (std::size_t c = 0; c < outputs_; ++c) {
          slopes[k * outputs_ + c] *= weights.of(i);
        }
      }
    }
    return moves;
  }

  template <class Access>
  void write_from(const Access& access, const sgd_chunk& batch,
                  const worker_scratch& scratch) const {
    const double share =
        batch.step_size / static_cast<double>(batch.rows.size());
    const double new_scale = batch.scale * shrink(batch.step_size);
    const auto pull = static_cast<float>(share / new_scale);
    if (Access::is_dense && form_ == penalty_form::l2) {
      relaxed::dense_outer_add(scratch.pending.data(), scratch.batch.data(),
                               outputs_, features_, batch.rows.size(), -pull,
                               batch.weights);
      return;
    }
    for (std::size_t k = 0; k < batch.rows.size(); ++k) {
      const auto x = access.at(batch.rows[k]);
      const float* slope = scratch.pending.data() + k * outputs_;
      const double nonzeros = static_cast<double>(access.nonzeros(x));
      access.for_each(x, [&](std::uint32_t u, float value) {
        float* w = batch.weights + u * outputs_;
        const float factor = -pull * value;
        switch (form_) {
          case penalty_form::l2:
            relaxed::dense_decay_and_add(slope, outputs_, factor, 1.0F, w);
            break;
          case penalty_form::per_feature: {
            const auto keep =
                static_cast<float>(1.0 - share * static_cast<double>(rate_[u]));
            relaxed::dense_decay_and_add(slope, outputs_, factor * keep, keep,
                                         w);
            break;
          }
          case penalty_form::per_sample:
            relaxed::dense_decay_and_add(
                slope, outputs_, factor,
                static_cast<float>(1.0 - share * strength_ / nonzeros), w);
            break;
        }
      });
    }
  }

  Loss loss_;
};

}  // namespace sounder::kernels

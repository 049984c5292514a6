#pragma once

// The hot loops of linear models with one output. Include this to train a
// loss of your own (loss.hpp shows what a loss is):
//
//   auto model = std::make_shared<linear_objective<my_loss>>(train, penalty);

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <span>

#include "kernels/model/linear_base.hpp"
#include "kernels/model/loss.hpp"
#include "kernels/model/row_access.hpp"

namespace sounder::kernels {

/// (1 / n) sum_i c_i Loss(w . x_i, y_i) plus a penalty, with c_i the weights
/// of the data set, 1 where it has none. The penalty knows no weights.
///
/// A step on batch B of b samples, with z_i = w . x_i before it:
///
///   w <- shrunk(w) - (step / b) * sum_{i in B} c_i slope(z_i, y_i) x_i
///
/// where `shrunk` is, by penalty form,
///   l2:           w * (1 - step * l2), kept as scale * v: v alone is stored
///   per_sample:   w_u * (1 - (step / b) l2 / d_i) for u in x_i, sample by
///                 sample
///   per_feature:  the same with l2 * n / d_u, after the sample's gradient was
///                 added, as in Niu et al.'s rule.
///
/// Cost of a sample of m non-zeros: 2 m flops when the slope is 0 and the
/// form is l2 (nothing is written), else 4 m to 6 m.
template <class Loss>
class linear_objective : public linear_base {
 public:
  linear_objective(const dataset& train, regulariser penalty)
      : linear_base(train, 1, penalty) {}

  void steps(const sgd_chunk& chunk, worker_scratch& scratch) const override {
    if (chunk.batch_size != 1) {
      return objective::steps(chunk, scratch);
    }
    with_weighted_rows(
        *chunk.data, scratch.row, [&](const auto& access, const auto& weights) {
          switch (form_) {
            case penalty_form::l2:
              return walk<penalty_form::l2>(access, weights, chunk);
            case penalty_form::per_feature:
              return walk<penalty_form::per_feature>(access, weights, chunk);
            case penalty_form::per_sample:
              return walk<penalty_form::per_sample>(access, weights, chunk);
          }
        });
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
    const std::span<const float> labels = data.labels();
    std::vector<float> scratch;
    with_weighted_rows(data, scratch, [&](const auto& access, const auto& c) {
      for (const std::uint32_t i : rows) {
        const auto x = access.at(i);
        const float slope =
            c.of(i) * Loss::slope(access.dot(x, weights), labels[i]);
        access.add(x, share * slope, gradient.data());
      }
    });
    add_penalty_gradient(data, rows, weights, gradient);
  }

  bool classifies() const noexcept override { return Loss::classifies; }

  loss_sums evaluate(const dataset& data, std::size_t first, std::size_t last,
                     const float* weights) const override {
    loss_sums sums;
    sums.rows = last - first;
    const std::span<const float> labels = data.labels();
    std::vector<float> scratch;
    with_weighted_rows(data, scratch, [&](const auto& access, const auto& c) {
      for (std::size_t i = first; i < last; ++i) {
        const float z = access.dot(access.at(i), weights);
        sums.loss += static_cast<double>(c.of(i) * Loss::value(z, labels[i]));
        if constexpr (Loss::classifies) {
          sums.errors += (z > 0.0F) == (labels[i] > 0.0F) ? 0U : 1U;
        }
      }
    });
    return sums;
  }

  void predict(const dataset& data, std::size_t first, std::size_t last,
               const float* weights, float* values) const override {
    std::vector<float> scratch;
    with_rows(data, scratch, [&](const auto& access) {
      for (std::size_t i = first; i < last; ++i) {
        *values++ = access.dot(access.at(i), weights);
      }
    });
  }

  usual_steps find_usual_steps(const dataset& data) const override {
    constexpr float far = 1e6F;
    const bool slope_is_bounded =
        std::abs(Loss::slope(far, 1.0F)) + std::abs(Loss::slope(-far, 1.0F)) <
        std::sqrt(far);
    return usual_steps_for(data, static_cast<double>(Loss::curvature),
                           slope_is_bounded);
  }

  double safe_step(const dataset& data) const override {
    return safe_step_for(data, static_cast<double>(Loss::curvature));
  }

 private:
  /// Batch size 1: look and write fused, the row still in the first cache.
  template <penalty_form Form, class Access, class Weights>
  void walk(const Access& access, const Weights& weights,
            const sgd_chunk& chunk) const {
    const float* labels = chunk.data->labels().data();
    float* w = chunk.weights;
    const double shrink_by = shrink(chunk.step_size);
    const double grow_by = 1.0 / shrink_by;
    double scale = chunk.scale;
    double pull = chunk.step_size * grow_by / chunk.scale;  // step / new scale
    const auto step = static_cast<float>(chunk.step_size);
    for (std::size_t k = 0; k < chunk.rows.size(); ++k) {
      access.prefetch(chunk.rows, k);
      const std::uint32_t i = chunk.rows[k];
      const auto x = access.at(i);
      const float z = static_cast<float>(scale) * access.dot(x, w);
      const float slope = weights.of(i) * Loss::slope(z, labels[i]);
      if constexpr (Form == penalty_form::l2) {
        if (slope != 0.0F) {
          access.add(x, -static_cast<float>(pull) * slope, w);
        }
        scale *= shrink_by;
        pull *= grow_by;
      } else if constexpr (Form == penalty_form::per_feature) {
        access.add_then_decay(x, -step * slope, step, rate_.data(), w);
      } else {
        access.decay_and_add(x, -step * slope, keep(access.nonzeros(x), step),
                             w);
      }
    }
  }

  template <class Access, class Weights>
  bool look_at(const Access& access, const Weights& weights,
               const sgd_chunk& batch, worker_scratch& scratch) const {
    const float* labels = batch.data->labels().data();
    const auto scale = static_cast<float>(batch.scale);
    scratch.pending.resize(batch.rows.size());
    bool moves = false;
    for (std::size_t k = 0; k < batch.rows.size(); ++k) {
      access.prefetch(batch.rows, k);
      const std::uint32_t i = batch.rows[k];
      const float z = scale * access.dot(access.at(i), batch.weights);
      const float slope = weights.of(i) * Loss::slope(z, labels[i]);
      scratch.pending[k] = slope;
      moves = moves || slope != 0.0F;
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
    const auto step = static_cast<float>(share);
    for (std::size_t k = 0; k < batch.rows.size(); ++k) {
      const float move = -pull * scratch.pending[k];
      if (form_ == penalty_form::l2 && move == 0.0F) {
        continue;
      }
      const auto x = access.at(batch.rows[k]);
      switch (form_) {
        case penalty_form::l2:
          access.add(x, move, batch.weights);
          break;
        case penalty_form::per_feature:
          access.add_then_decay(x, move, step, rate_.data(), batch.weights);
          break;
        case penalty_form::per_sample:
          access.decay_and_add(x, move, keep(access.nonzeros(x), step),
                               batch.weights);
          break;
      }
    }
  }

  /// per_sample: 1 - step * l2 / d_i.
  float keep(std::size_t nonzeros, float step) const noexcept {
    const auto l2 = static_cast<float>(strength_);
    return 1.0F - step * l2 / static_cast<float>(nonzeros);
  }
};

}  // namespace sounder::kernels

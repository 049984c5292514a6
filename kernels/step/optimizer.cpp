#include "kernels/step/optimizer.hpp"

#include <atomic>
#include <cmath>
#include <stdexcept>
#include <utility>

#include "kernels/shared_vector.hpp"

namespace sounder::kernels {

namespace {

/// Passes everything on but the steps.
class ruled : public objective {
 public:
  ruled(std::shared_ptr<const objective> model, const optimizer& rule)
      : model_(std::move(model)), rule_(rule), v_(model_->trainable()) {
    if (rule_.kind == optimizer_kind::adam) {
      u_.resize(model_->trainable());
    } else if (rule_.kind == optimizer_kind::lars) {
      blocks_ = model_->blocks();
    }
  }

  std::size_t dimension() const noexcept override {
    return model_->dimension();
  }
  std::size_t trainable() const noexcept override {
    return model_->trainable();
  }
  std::size_t least_batch() const noexcept override {
    return model_->least_batch();
  }
  std::vector<parameter_block> blocks() const override {
    return model_->blocks();
  }
  std::size_t outputs() const noexcept override { return model_->outputs(); }
  bool classifies() const noexcept override { return model_->classifies(); }
  void initialise(std::span<float> weights, std::uint64_t seed) const override {
    model_->initialise(weights, seed);
  }
  void add_gradient(const dataset& data, std::span<const std::uint32_t> rows,
                    const float* weights,
                    std::span<float> gradient) const override {
    model_->add_gradient(data, rows, weights, gradient);
  }
  void find_gradient(const sgd_chunk& batch,
                     std::span<float> gradient) const override {
    model_->find_gradient(batch, gradient);
  }
  std::size_t evaluation_batch() const noexcept override {
    return model_->evaluation_batch();
  }
  loss_sums evaluate(const dataset& data, std::size_t first, std::size_t last,
                     const float* weights) const override {
    return model_->evaluate(data, first, last, weights);
  }
  double penalty(const float* weights) const override {
    return model_->penalty(weights);
  }
  void predict(const dataset& data, std::size_t first, std::size_t last,
               const float* weights, float* values) const override {
    model_->predict(data, first, last, weights, values);
  }
  double row_cost(double values) const noexcept override {
    return model_->row_cost(values);
  }
  usual_steps find_usual_steps(const dataset& data) const override {
    return model_->find_usual_steps(data);
  }
  double safe_step(const dataset& data) const override {
    return model_->safe_step(data);
  }

  bool look(const sgd_chunk& batch, worker_scratch& scratch) const override {
    sgd_chunk at = batch;
    if (rule_.kind == optimizer_kind::nesterov) {
      scratch.batch.resize(dimension());
      look_ahead(batch.weights, scratch.batch.data());
      at.weights = scratch.batch.data();
    }
    scratch.pending.resize(dimension());
    model_->find_gradient(at, scratch.pending);
    return true;
  }

  void write(const sgd_chunk& batch, worker_scratch& scratch) const override {
    const auto eta = static_cast<float>(batch.step_size);
    if (rule_.kind == optimizer_kind::adam) {
      step_adam(eta, scratch.pending.data(), batch.weights);
    } else if (rule_.kind == optimizer_kind::lars) {
      step_lars(eta, scratch.pending.data(), batch.weights);
    } else {
      step_momentum(eta, scratch.pending.data(), batch.weights);
    }
    const std::size_t n = trainable();
    relaxed::dense_decay_and_add(scratch.pending.data() + n, dimension() - n,
                                 -1.0F, 1.0F, batch.weights + n);
  }

 private:
  void look_ahead(const float* w, float* ahead) const noexcept {
    const auto delta = static_cast<float>(rule_.momentum);
#pragma omp simd
    for (std::size_t j = 0; j < v_.size(); ++j) {
      ahead[j] = relaxed::load(w[j]) + delta * relaxed::load(v_[j]);
    }
    relaxed::copy(w + v_.size(), dimension() - v_.size(), ahead + v_.size());
  }

  void step_momentum(float eta, const float* g, float* w) const noexcept {
    const auto delta = static_cast<float>(rule_.momentum);
    const float keep = 1.0F - eta * static_cast<float>(rule_.weight_decay);
#pragma omp simd
    for (std::size_t j = 0; j < v_.size(); ++j) {
      const float v = delta * relaxed::load(v_[j]) - eta * g[j];
      relaxed::store(v_[j], v);
      relaxed::store(w[j], keep * relaxed::load(w[j]) + v);
    }
  }

  void step_adam(float eta, const float* g, float* w) const noexcept {
    const double t = static_cast<double>(steps_.fetch_add(1) + 1);
    const auto delta = static_cast<float>(rule_.momentum);
    const auto beta = static_cast<float>(rule_.beta);
    const auto epsilon = static_cast<float>(rule_.epsilon);
    const auto first =
        static_cast<float>(1.0 / (1.0 - std::pow(rule_.momentum, t)));
    const auto second =
        static_cast<float>(1.0 / (1.0 - std::pow(rule_.beta, t)));
    const float keep = 1.0F - eta * static_cast<float>(rule_.weight_decay);
#pragma omp simd
    for (std::size_t j = 0; j < v_.size(); ++j) {
      const float m = delta * relaxed::load(v_[j]) + (1.0F - delta) * g[j];
      const float u = beta * relaxed::load(u_[j]) + (1.0F - beta) * g[j] * g[j];
      relaxed::store(v_[j], m);
      relaxed::store(u_[j], u);
      relaxed::store(w[j],
                     keep * relaxed::load(w[j]) -
                         eta * m * first / (std::sqrt(u * second) + epsilon));
    }
  }

  void step_lars(float eta, const float* g, float* w) const noexcept {
    const auto delta = static_cast<float>(rule_.momentum);
    const auto decay = static_cast<float>(rule_.weight_decay);
    for (const parameter_block& block : blocks_) {
      const float rate = eta * local_rate(block, g, w);
#pragma omp simd
      for (std::size_t k = 0; k < block.count; ++k) {
        const std::size_t j = block.first + k * block.stride;
        const float at = relaxed::load(w[j]);
        const float v =
            delta * relaxed::load(v_[j]) - rate * (g[j] + decay * at);
        relaxed::store(v_[j], v);
        relaxed::store(w[j], at + v);
      }
    }
  }

  float local_rate(const parameter_block& block, const float* g,
                   const float* w) const noexcept {
    double w_square = 0.0;
    double g_square = 0.0;
#pragma omp simd reduction(+ : w_square, g_square)
    for (std::size_t k = 0; k < block.count; ++k) {
      const std::size_t j = block.first + k * block.stride;
      const double at = static_cast<double>(relaxed::load(w[j]));
      const double slope = static_cast<double>(g[j]);
      w_square += at * at;
      g_square += slope * slope;
    }
    if (!(w_square > 0.0 && g_square > 0.0)) {
      return 1.0F;
    }
    const double length = std::sqrt(w_square);
    return static_cast<float>(
        rule_.trust * length /
        (std::sqrt(g_square) + rule_.weight_decay * length));
  }

  std::shared_ptr<const objective> model_;
  optimizer rule_;
  std::vector<parameter_block> blocks_;  // lars
  // The replica's state; written by its workers.
  mutable std::vector<float> v_;
  mutable std::vector<float> u_;
  mutable std::atomic<std::uint64_t> steps_{0};
};

void check(bool holds, const char* what) {
  if (!holds) {
    throw std::invalid_argument(what);
  }
}

}  // namespace

std::shared_ptr<const objective> with_optimizer(
    std::shared_ptr<const objective> model, const optimizer& rule) {
  check(rule.momentum >= 0.0 && rule.momentum < 1.0,
        "the momentum must be in [0, 1)");
  check(rule.beta >= 0.0 && rule.beta < 1.0, "beta must be in [0, 1)");
  check(rule.epsilon >= 0.0, "epsilon must not be negative");
  check(rule.weight_decay >= 0.0, "the weight decay must not be negative");
  check(rule.trust > 0.0, "the trust must be positive");
  const bool is_plain =
      rule.weight_decay == 0.0 &&
      (rule.kind == optimizer_kind::sgd ||
       (rule.kind != optimizer_kind::adam &&
        rule.kind != optimizer_kind::lars && rule.momentum == 0.0));
  if (is_plain) {
    return model;
  }
  optimizer exact = rule;
  if (rule.kind == optimizer_kind::sgd) {
    exact.momentum = 0.0;  // with a weight decay
  }
  return std::make_shared<ruled>(std::move(model), exact);
}

}  // namespace sounder::kernels

#include "kernels/step/with_optimizer.hpp"

#include <utility>

#include "kernels/assert.hpp"
#include "kernels/shared_vector.hpp"

namespace sounder::kernels {

namespace {

/// Passes everything on but the steps.
class ruled : public objective {
 public:
  ruled(std::shared_ptr<const objective> model, const optimizer& rule)
      : model_(std::move(model)), rule_(rule) {
    if (steps_by_block(rule_.kind)) {
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
    if (looks_ahead(rule_.kind)) {
      scratch.batch.resize(dimension());
      look_ahead(rule_, whole(batch), scratch.batch.data());
      const std::size_t n = trainable();
      relaxed::copy(batch.weights + n, dimension() - n,
                    scratch.batch.data() + n);
      at.weights = scratch.batch.data();
    }
    scratch.pending.resize(dimension());
    model_->find_gradient(at, scratch.pending);
    return true;
  }

  void write(const sgd_chunk& batch, worker_scratch& scratch) const override {
    const std::size_t n = trainable();
    // A first stage of another rule counts for nothing.
    const std::uint64_t t =
        counts_steps(rule_.kind) ? batch.optimizer->next_step() : 0;
    step(rule_, blocks_, static_cast<float>(batch.step_size),
         scratch.pending.data(), t, whole(batch));
    relaxed::dense_decay_and_add(scratch.pending.data() + n, dimension() - n,
                                 -1.0F, 1.0F, batch.weights + n);
  }

 private:
  step_stretch whole(const sgd_chunk& batch) const noexcept {
    SOUNDER_ASSERT(batch.optimizer != nullptr);
    return {batch.weights, batch.optimizer->v.data(), batch.optimizer->u.data(),
            trainable()};
  }

  std::shared_ptr<const objective> model_;
  optimizer rule_;
  std::vector<parameter_block> blocks_;  // where it steps by block
};

}  // namespace

std::shared_ptr<const objective> with_optimizer(
    std::shared_ptr<const objective> model, const optimizer& rule) {
  check(rule);
  const bool is_plain = rule.weight_decay == 0.0 && averages(rule) &&
                        (!keeps_velocity(rule.kind) || rule.momentum == 0.0);
  if (is_plain) {
    return model;
  }
  return std::make_shared<ruled>(std::move(model), rule);
}

}  // namespace sounder::kernels

#pragma once

#include <vector>

#include "kernels/exchange/gradient.hpp"
#include "kernels/step/optimizer.hpp"

namespace sounder::kernels {

/// Gradients that no optimizer has seen go up; the hub steps by the optimizer,
/// with a state of its own.
///
///   up = g;  c <- the step of g, or of the mean or sum of all g at a barrier;
///   w <- s <- c + delta v for Nesterov's rule, c for all others
///
/// So N replicas at a barrier are one with their batches together. Where what
/// comes up are steps (near_end::g is null: a first stage of gradient descent),
/// as gradient with momentum 0.
///
/// Source:  as gradient. Errors: a rule that steps by block needs serve_all()
/// over the whole vector.
class optimized_gradient : public gradient {
 public:
  optimized_gradient(const optimizer& rule, bool sums,
                     std::vector<parameter_block> blocks)
      : gradient(0.0, sums), rule_(rule), blocks_(std::move(blocks)) {}

  void serve(const far_end& e, float* payload) const noexcept override;
  void show(const far_end& e, float* down) const noexcept override;
  void keep(const near_end& e, const float* lost) const noexcept override;
  bool has_state() const noexcept override {
    return keeps_velocity(rule_.kind);
  }
  bool has_second_state() const noexcept override {
    return keeps_second_moment(rule_.kind);
  }
  bool takes_whole() const noexcept override {
    return steps_by_block(rule_.kind);
  }

 private:
  optimizer rule_;
  std::vector<parameter_block> blocks_;
};

}  // namespace sounder::kernels

#pragma once

#include "kernels/exchange/add_delta.hpp"

namespace sounder::kernels {

/// Stochastic gradients go up, the hub makes the step.
///
///   up = g = (s - w) / step            summed over the steps since last time,
///                                      or near_end::g as it is
///   v <- momentum v + g;  c <- c - step v;  w <- s <- c
///
/// With a barrier g is the mean or the sum over the replicas. With
/// momentum 0: synchronous SGD, or the asynchronous parameter server.
///
/// Source:  Dean et al., "Large scale distributed deep networks", 2012,
///          section 4.1; with momentum: asynchronous MSGD.
class gradient : public exchange_rule {
 public:
  gradient(double momentum, bool sums)
      : momentum_(static_cast<float>(momentum)), sums_(sums) {}

  void ask(const near_end& e, float* up) const noexcept override;
  void serve(const far_end& e, float* payload) const noexcept override;
  void take(const near_end& e, const float* down,
            const float* asked) const noexcept override;
  void serve_all(const far_end& e,
                 std::span<float* const> payloads) const noexcept override;
  payload goes_up() const noexcept override { return payload::differences; }
  void keep(const near_end& e, const float* lost) const noexcept override;
  float up_rate(float step, bool has_gradient) const noexcept override {
    return has_gradient || !(step > 0.0F) ? 0.0F : 1.0F / step;
  }
  bool has_state() const noexcept override { return momentum_ != 0.0F; }

 private:
  float momentum_;
  bool sums_;
};

}  // namespace sounder::kernels

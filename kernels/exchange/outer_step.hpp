#pragma once

#include "kernels/exchange/exchange_rule.hpp"

namespace sounder::kernels {

/// A step of Nesterov's method on the mean of what the replicas have moved.
///
///   up = w - s;  d = mean of the ups
///   v <- momentum v + d;  c <- c + rate (d + momentum v);  w <- s <- c
///
/// Rate 1 and momentum 0 put the mean of the replicas in the hub: local SGD.
/// Without a barrier every up is a d of its own.
///
/// Source:  Douillard et al., "DiLoCo", 2023, Algorithm 1 (its outer gradient
///          is -d); rate 0.7 and momentum 0.9 there.
class outer_step : public exchange_rule {
 public:
  outer_step(double rate, double momentum)
      : rate_(static_cast<float>(rate)),
        momentum_(static_cast<float>(momentum)) {}

  void ask(const near_end& e, float* up) const noexcept override;
  void serve(const far_end& e, float* payload) const noexcept override;
  void take(const near_end& e, const float* down,
            const float* asked) const noexcept override;
  void serve_all(const far_end& e,
                 std::span<float* const> payloads) const noexcept override;
  payload goes_up() const noexcept override { return payload::differences; }
  void keep(const near_end& e, const float* lost) const noexcept override;
  bool has_state() const noexcept override { return true; }

 private:
  float rate_;
  float momentum_;
};

}  // namespace sounder::kernels

#pragma once

#include "kernels/exchange/exchange_rule.hpp"

namespace sounder::kernels {

/// Both ends are drawn together by the elastic force.
///
///   up = w;  d = alpha (up - c);  c <- c + d;  w <- w - d
///
/// With `before_step`, for meetings after every single step: up = s, what w
/// was before the step; then s <- w. So the gradient of the step and the force
/// are both those of the same point, as in the paper's algorithm.
///
/// With a barrier every d is taken from the same c:
/// c <- (1 - N alpha) c + N alpha mean(w).
///
/// Source:  Zhang, Choromanska, LeCun, "Deep learning with Elastic Averaging
///          SGD", NeurIPS 2015, eq. 2, 3 and Algorithm 1; alpha = eta rho.
///          Without a lock: EA-wild, Wongpanich, You, Demmel.
/// Units:   alpha in (0, 1).
class elastic : public exchange_rule {
 public:
  explicit elastic(double alpha, bool before_step = false)
      : alpha_(static_cast<float>(alpha)), before_step_(before_step) {}

  void ask(const near_end& e, float* up) const noexcept override;
  void serve(const far_end& e, float* payload) const noexcept override;
  void take(const near_end& e, const float* down,
            const float* asked) const noexcept override;
  void serve_all(const far_end& e,
                 std::span<float* const> payloads) const noexcept override;
  payload goes_down() const noexcept override { return payload::pulls; }

 private:
  float alpha_;
  bool before_step_;
};

/// Both ends become their mean: the elastic force with alpha = 1/2.
///
///   d = (w - c) / 2;  c <- c + d;  w <- w - d
///
/// The sum of both ends stays what it was, to rounding, also when others meet
/// either end in between.
///
/// Source:  AD-PSGD, Lian, Zhang, Zhang, Liu, ICML 2018, Algorithm 1.
class pair_average : public elastic {
 public:
  pair_average() : elastic(0.5) {}
};

}  // namespace sounder::kernels

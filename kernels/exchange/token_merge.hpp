#pragma once

#include "kernels/exchange/exchange_rule.hpp"

namespace sounder::kernels {

/// HOGWILD++'s weights for n clusters on a ring: beta solves
/// beta^n + beta = 1, lambda = 1 - beta^(n-1) (Zhang, Hsieh, Akella 2016,
/// section 3.2). `beta`, when positive, is taken as given. n >= 2.
struct ring_weights {
  double beta;
  double lambda;
};
ring_weights solve_ring_weights(std::size_t n, double beta = 0.0) noexcept;

/// What the holder of the token does with the next cluster on the ring,
/// D = w - s, g the decay of the step size, w_j the next cluster's c:
///
///   s <- lambda c + (1 - lambda) s + beta g D;  c <- c + beta g D;  w <- s
///
/// (the old c on the right of both).
///
/// Source:  Zhang, Hsieh, Akella, "HogWild++: a new mechanism for
///          decentralized asynchronous SGD", ICDM 2016, Algorithm 1.
class paper_token : public exchange_rule {
 public:
  explicit paper_token(ring_weights weights)
      : beta_(static_cast<float>(weights.beta)),
        lambda_(static_cast<float>(weights.lambda)) {}

  void ask(const near_end& e, float* up) const noexcept override;
  void serve(const far_end& e, float* payload) const noexcept override;
  void take(const near_end& e, const float* down,
            const float* asked) const noexcept override;
  payload goes_up() const noexcept override { return payload::differences; }

 private:
  float beta_;
  float lambda_;
};

/// The same as the authors' code has it, coordinate by coordinate,
/// d = g (w - s):
///
///   |d| > tolerance:  w, s <- lambda c + (1 - lambda) w
///                             + (beta + lambda - 1) d;  c <- c + beta d
///   otherwise:        w <- lambda c + (1 - lambda) w + lambda d;  s <- w - d
///
/// so that small differences add up before they travel. Tolerance 0.01 there.
class reference_token : public exchange_rule {
 public:
  reference_token(ring_weights weights, double tolerance)
      : beta_(static_cast<float>(weights.beta)),
        lambda_(static_cast<float>(weights.lambda)),
        tolerance_(static_cast<float>(tolerance)) {}

  void ask(const near_end& e, float* up) const noexcept override;
  void serve(const far_end& e, float* payload) const noexcept override;
  void take(const near_end& e, const float* down,
            const float* asked) const noexcept override;
  payload goes_up() const noexcept override { return payload::differences; }

 private:
  float beta_;
  float lambda_;
  float tolerance_;
};

}  // namespace sounder::kernels

#include "kernels/exchange/token_merge.hpp"

#include <cmath>

#include "kernels/shared_vector.hpp"

namespace sounder::kernels {

namespace {

/// c <- c + up; the old c goes down.
void add_and_show(const far_end& e, float* payload) noexcept {
#pragma omp simd
  for (std::size_t j = 0; j < e.n; ++j) {
    const float c = relaxed::load(e.c[j]);
    relaxed::store(e.c[j], c + payload[j]);
    payload[j] = c;
  }
}

}  // namespace

ring_weights solve_ring_weights(std::size_t n, double beta) noexcept {
  const auto power = static_cast<double>(n);
  if (!(beta > 0.0)) {
    // beta^n + beta - 1 rises from -1 to 1 on [0, 1].
    double low = 0.0;
    double high = 1.0;
    for (int k = 0; k < 64; ++k) {
      const double middle = 0.5 * (low + high);
      (std::pow(middle, power) + middle < 1.0 ? low : high) = middle;
    }
    beta = 0.5 * (low + high);
  }
  return {beta, 1.0 - std::pow(beta, power - 1.0)};
}

void paper_token::ask(const near_end& e, float* up) const noexcept {
  const float factor = beta_ * e.decay;
#pragma omp simd
  for (std::size_t j = 0; j < e.n; ++j) {
    up[j] = factor * (relaxed::load(e.w[j]) - e.s[j]);
  }
}

void paper_token::serve(const far_end& e, float* payload) const noexcept {
  add_and_show(e, payload);
}

void paper_token::take(const near_end& e, const float* down,
                       const float* asked) const noexcept {
  const float factor = beta_ * e.decay;
  const float lambda = lambda_;
#pragma omp simd
  for (std::size_t j = 0; j < e.n; ++j) {
    const float s = lambda * down[j] + (1.0F - lambda) * e.s[j] +
                    factor * (asked[j] - e.s[j]);
    relaxed::store(e.w[j], moved(relaxed::load(e.w[j]), asked[j], s));
    e.s[j] = s;
  }
}

void reference_token::ask(const near_end& e, float* up) const noexcept {
  const float beta = beta_;
  const float tolerance = tolerance_;
#pragma omp simd
  for (std::size_t j = 0; j < e.n; ++j) {
    const float d = e.decay * (relaxed::load(e.w[j]) - e.s[j]);
    up[j] = std::abs(d) > tolerance ? beta * d : 0.0F;
  }
}

void reference_token::serve(const far_end& e, float* payload) const noexcept {
  add_and_show(e, payload);
}

void reference_token::take(const near_end& e, const float* down,
                           const float* asked) const noexcept {
  const float lambda = lambda_;
  const float tolerance = tolerance_;
  const float sent = beta_ + lambda_ - 1.0F;
#pragma omp simd
  for (std::size_t j = 0; j < e.n; ++j) {
    const float d = e.decay * (asked[j] - e.s[j]);
    const bool far = std::abs(d) > tolerance;
    const float mixed = lambda * down[j] + (1.0F - lambda) * asked[j];
    const float w = mixed + (far ? sent : lambda) * d;
    relaxed::store(e.w[j], moved(relaxed::load(e.w[j]), asked[j], w));
    e.s[j] = far ? w : w - d;
  }
}

}  // namespace sounder::kernels

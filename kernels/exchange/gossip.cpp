#include "kernels/exchange/gossip.hpp"

#include "kernels/shared_vector.hpp"

namespace sounder::kernels {

void take_delta(float* delta, const float* w, float* s,
                std::size_t n) noexcept {
#pragma omp simd
  for (std::size_t j = 0; j < n; ++j) {
    const float now = relaxed::load(w[j]);
    delta[j] = now - s[j];
    s[j] = now;
  }
}

void take_share(float* delta, float* w, float* s, float share,
                std::size_t n) noexcept {
#pragma omp simd
  for (std::size_t j = 0; j < n; ++j) {
    delta[j] = share * (relaxed::load(w[j]) - s[j]);
    s[j] += delta[j];
    relaxed::store(w[j], s[j]);
  }
}

void apply_delta(float* w, float* s, const float* delta,
                 std::size_t n) noexcept {
#pragma omp simd
  for (std::size_t j = 0; j < n; ++j) {
    relaxed::store(w[j], relaxed::load(w[j]) + delta[j]);
    s[j] += delta[j];
  }
}

void mix_neighbours(float* w, float* s, float own_weight,
                    std::span<const weighed> others, std::size_t n) noexcept {
#pragma omp simd
  for (std::size_t j = 0; j < n; ++j) {
    const float steps = relaxed::load(w[j]) - s[j];
    relaxed::store(w[j], steps + own_weight * s[j]);
  }
  for (const weighed& other : others) {
#pragma omp simd
    for (std::size_t j = 0; j < n; ++j) {
      relaxed::store(w[j],
                     relaxed::load(w[j]) + other.weight * other.values[j]);
    }
  }
  relaxed::copy(w, n, s);
}

void push_sum_split(float* x, const float* w, const float* s, float mass,
                    float share, std::size_t n) noexcept {
#pragma omp simd
  for (std::size_t j = 0; j < n; ++j) {
    x[j] = share * (x[j] + mass * (relaxed::load(w[j]) - s[j]));
  }
}

void push_sum_gather(float* x, const float* arrived, std::size_t n) noexcept {
#pragma omp simd
  for (std::size_t j = 0; j < n; ++j) {
    x[j] += arrived[j];
  }
}

void push_sum_read(float* w, float* s, const float* x, double weight,
                   std::size_t n) noexcept {
  const auto rate = static_cast<float>(1.0 / weight);
#pragma omp simd
  for (std::size_t j = 0; j < n; ++j) {
    s[j] = x[j] * rate;
    relaxed::store(w[j], s[j]);
  }
}

}  // namespace sounder::kernels

#include "kernels/exchange/elastic.hpp"

#include "kernels/shared_vector.hpp"

namespace sounder::kernels {

void elastic::ask(const near_end& e, float* up) const noexcept {
  relaxed::copy(before_step_ ? e.s : e.w, e.n, up);
}

void elastic::serve(const far_end& e, float* payload) const noexcept {
#pragma omp simd
  for (std::size_t j = 0; j < e.n; ++j) {
    const float c = relaxed::load(e.c[j]);
    const float d = alpha_ * (payload[j] - c);
    relaxed::store(e.c[j], c + d);
    payload[j] = d;
  }
}

void elastic::take(const near_end& e, const float* down,
                   const float* /*asked*/) const noexcept {
#pragma omp simd
  for (std::size_t j = 0; j < e.n; ++j) {
    relaxed::store(e.w[j], relaxed::load(e.w[j]) - down[j]);
  }
  if (before_step_) {
    relaxed::copy(e.w, e.n, e.s);
  }
}

void elastic::serve_all(const far_end& e,
                        std::span<float* const> payloads) const noexcept {
  for (std::size_t j = 0; j < e.n; ++j) {
    const float c = relaxed::load(e.c[j]);
    float sum = 0.0F;
    for (float* const payload : payloads) {
      payload[j] = alpha_ * (payload[j] - c);
      sum += payload[j];
    }
    relaxed::store(e.c[j], c + sum);
  }
}

}  // namespace sounder::kernels

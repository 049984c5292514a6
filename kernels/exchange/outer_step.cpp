#include "kernels/exchange/outer_step.hpp"

#include "kernels/exchange/add_delta.hpp"
#include "kernels/shared_vector.hpp"

namespace sounder::kernels {

void outer_step::ask(const near_end& e, float* up) const noexcept {
  add_delta().ask(e, up);
}

void outer_step::serve(const far_end& e, float* payload) const noexcept {
#pragma omp simd
  for (std::size_t j = 0; j < e.n; ++j) {
    const float v = momentum_ * relaxed::load(e.v[j]) + payload[j];
    const float moved =
        relaxed::load(e.c[j]) + rate_ * (payload[j] + momentum_ * v);
    relaxed::store(e.v[j], v);
    relaxed::store(e.c[j], moved);
    payload[j] = moved;
  }
}

void outer_step::take(const near_end& e, const float* down,
                      const float* asked) const noexcept {
  add_delta().take(e, down, asked);
}

void outer_step::serve_all(const far_end& e,
                           std::span<float* const> payloads) const noexcept {
  float* const mean = payloads.front();
  for (float* const payload : payloads.subspan(1)) {
#pragma omp simd
    for (std::size_t j = 0; j < e.n; ++j) {
      mean[j] += payload[j];
    }
  }
  const float share = 1.0F / static_cast<float>(payloads.size());
#pragma omp simd
  for (std::size_t j = 0; j < e.n; ++j) {
    mean[j] *= share;
  }
  serve(e, mean);
  for (float* const payload : payloads.subspan(1)) {
    relaxed::copy(e.c, e.n, payload);
  }
}

void outer_step::keep(const near_end& e, const float* lost) const noexcept {
  add_delta().keep(e, lost);
}

}  // namespace sounder::kernels

#include "kernels/exchange/gradient.hpp"

#include <algorithm>

#include "kernels/shared_vector.hpp"

namespace sounder::kernels {

void gradient::ask(const near_end& e, float* up) const noexcept {
  if (e.g != nullptr) {
    std::copy_n(e.g, e.n, up);
    return;
  }
  const float rate = e.step > 0.0F ? 1.0F / e.step : 0.0F;
#pragma omp simd
  for (std::size_t j = 0; j < e.n; ++j) {
    up[j] = (e.s[j] - relaxed::load(e.w[j])) * rate;
  }
}

void gradient::serve(const far_end& e, float* payload) const noexcept {
  if (momentum_ == 0.0F) {
#pragma omp simd
    for (std::size_t j = 0; j < e.n; ++j) {
      const float moved = relaxed::load(e.c[j]) - e.step * payload[j];
      relaxed::store(e.c[j], moved);
      payload[j] = moved;
    }
    return;
  }
#pragma omp simd
  for (std::size_t j = 0; j < e.n; ++j) {
    const float v = momentum_ * relaxed::load(e.v[j]) + payload[j];
    const float moved = relaxed::load(e.c[j]) - e.step * v;
    relaxed::store(e.v[j], v);
    relaxed::store(e.c[j], moved);
    payload[j] = moved;
  }
}

void gradient::take(const near_end& e, const float* down,
                    const float* asked) const noexcept {
  add_delta().take(e, down, asked);
}

void gradient::serve_all(const far_end& e,
                         std::span<float* const> payloads) const noexcept {
  float* const sum = payloads.front();
  for (float* const payload : payloads.subspan(1)) {
#pragma omp simd
    for (std::size_t j = 0; j < e.n; ++j) {
      sum[j] += payload[j];
    }
  }
  if (!sums_) {
    const float share = 1.0F / static_cast<float>(payloads.size());
#pragma omp simd
    for (std::size_t j = 0; j < e.n; ++j) {
      sum[j] *= share;
    }
  }
  serve(e, sum);
  for (float* const payload : payloads.subspan(1)) {
    std::copy_n(sum, e.n, payload);
  }
}

void gradient::keep(const near_end& e, const float* lost) const noexcept {
#pragma omp simd
  for (std::size_t j = 0; j < e.n; ++j) {
    const float move = -e.step * lost[j];
    relaxed::store(e.w[j], relaxed::load(e.w[j]) + move);
    e.s[j] += move;
  }
}

}  // namespace sounder::kernels

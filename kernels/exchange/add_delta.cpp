#include "kernels/exchange/add_delta.hpp"

#include "kernels/shared_vector.hpp"

namespace sounder::kernels {

void add_delta::ask(const near_end& e, float* up) const noexcept {
#pragma omp simd
  for (std::size_t j = 0; j < e.n; ++j) {
    up[j] = relaxed::load(e.w[j]) - e.s[j];
  }
}

void add_delta::serve(const far_end& e, float* payload) const noexcept {
#pragma omp simd
  for (std::size_t j = 0; j < e.n; ++j) {
    const float sum = relaxed::load(e.c[j]) + payload[j];
    relaxed::store(e.c[j], sum);
    payload[j] = sum;
  }
}

void add_delta::take(const near_end& e, const float* down,
                     const float* /*asked*/) const noexcept {
#pragma omp simd
  for (std::size_t j = 0; j < e.n; ++j) {
    relaxed::store(e.w[j], down[j]);
    e.s[j] = down[j];
  }
}

void add_delta::serve_all(const far_end& e,
                          std::span<float* const> payloads) const noexcept {
  for (float* const payload : payloads) {
    serve(e, payload);
  }
  for (float* const payload : payloads) {
    relaxed::copy(e.c, e.n, payload);
  }
}

void add_delta::keep(const near_end& e, const float* lost) const noexcept {
#pragma omp simd
  for (std::size_t j = 0; j < e.n; ++j) {
    relaxed::store(e.w[j], relaxed::load(e.w[j]) + lost[j]);
    e.s[j] += lost[j];
  }
}

}  // namespace sounder::kernels

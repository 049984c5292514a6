#include "actors/near_side.hpp"

#include <algorithm>

#include "kernels/shared_vector.hpp"

namespace sounder::actors {

namespace relaxed = kernels::relaxed;

near_side::near_side(std::span<float> vector, bool with_face,
                     std::size_t arrivals)
    : vector_(vector) {
  for (auto& each : mail_) {
    each = std::make_shared<inbox>();
  }
  if (with_face) {
    face_parameters_.assign(vector.begin(), vector.end());
    base_ = face_parameters_;
    face_ = std::make_shared<endpoint>(face_parameters_, arrivals);
  }
}

void near_side::rest(float scale) noexcept {
  scale_ = scale;
  merged_ = false;
}

float* near_side::open(std::size_t first, std::size_t n) noexcept {
  float* const w = vector_.data() + first;
  if (!merged_ && scale_ != 1.0F) {
#pragma omp simd
    for (std::size_t j = 0; j < n; ++j) {
      relaxed::store(w[j], relaxed::load(w[j]) * scale_);
    }
  }
  if (!face_) {
    return w;
  }
  float* const f = face_parameters_.data() + first;
  if (!merged_) {
    const float* const base = base_.data() + first;
#pragma omp simd
    for (std::size_t j = 0; j < n; ++j) {
      relaxed::store(f[j],
                     relaxed::load(f[j]) + (relaxed::load(w[j]) - base[j]));
    }
  }
  return f;
}

void near_side::close(std::size_t first, std::size_t n) noexcept {
  if (!face_) {
    return;
  }
  const float* const f = face_parameters_.data() + first;
  float* const w = vector_.data() + first;
  float* const base = base_.data() + first;
#pragma omp simd
  for (std::size_t j = 0; j < n; ++j) {
    const float now = relaxed::load(f[j]);
    relaxed::store(w[j], now);
    base[j] = now;
  }
}

void near_side::pass_done() noexcept {
  scale_ = 1.0F;
  merged_ = true;
}

bool near_side::settle() noexcept {
  if (merged_) {
    return true;
  }
  if (!try_hold()) {
    return false;
  }
  open_all();
  let_go();
  return true;
}

void near_side::open_all() noexcept {
  if (merged_ || (!face_ && scale_ == 1.0F)) {
    merged_ = true;
    return;
  }
  for (std::size_t first = 0; first < size(); first += block) {
    const std::size_t n = std::min(block, size() - first);
    open(first, n);
    close(first, n);
  }
  pass_done();
}

void near_side::assign(const float* values) noexcept {
  relaxed::copy(values, size(), parameters());
  close_all();
}

void near_side::move(const float* asked, const float* wanted) noexcept {
  float* const w = parameters();
#pragma omp simd
  for (std::size_t j = 0; j < size(); ++j) {
    relaxed::store(w[j],
                   kernels::moved(relaxed::load(w[j]), asked[j], wanted[j]));
  }
  close_all();
}

void near_side::close_all() noexcept {
  for (std::size_t first = 0; first < size(); first += block) {
    close(first, std::min(block, size() - first));
  }
}

void near_side::let_go() noexcept {
  if (face_) {
    face_->in_use.give_back();
    face_->changed.notify();
  }
}

}  // namespace sounder::actors

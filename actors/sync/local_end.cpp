#include "actors/sync/local_end.hpp"

#include <algorithm>

#include "kernels/exchange/overwrite.hpp"
#include "kernels/shared_vector.hpp"

namespace sounder::actors {

namespace relaxed = kernels::relaxed;

local_end::local_end(std::span<float> vector, bool is_published,
                     std::size_t arrivals, std::unique_ptr<gate> entrance)
    : vector_(vector) {
  for (std::size_t k = 0; k < update_kinds; ++k) {
    inboxes_[k] = std::make_shared<inbox>(static_cast<update_kind>(k));
  }
  if (is_published) {
    published_parameters_.assign(vector.begin(), vector.end());
    base_ = published_parameters_;
    published_ = std::make_shared<target>(published_parameters_, arrivals, 0,
                                          std::move(entrance));
  }
}

void local_end::rest(float scale) noexcept {
  scale_ = scale;
  merged_ = false;
}

float* local_end::open(std::size_t first, std::size_t n) noexcept {
  float* const w = vector_.data() + first;
  if (!merged_ && scale_ != 1.0F) {
#pragma omp simd
    for (std::size_t j = 0; j < n; ++j) {
      relaxed::store(w[j], relaxed::load(w[j]) * scale_);
    }
  }
  if (!published_) {
    return w;
  }
  float* const f = published_parameters_.data() + first;
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

void local_end::close(std::size_t first, std::size_t n) noexcept {
  if (!published_) {
    return;
  }
  const float* const f = published_parameters_.data() + first;
  float* const w = vector_.data() + first;
  float* const base = base_.data() + first;
#pragma omp simd
  for (std::size_t j = 0; j < n; ++j) {
    const float now = relaxed::load(f[j]);
    relaxed::store(w[j], now);
    base[j] = now;
  }
}

void local_end::pass_done() noexcept {
  scale_ = 1.0F;
  merged_ = true;
}

bool local_end::settle() noexcept {
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

void local_end::open_all() noexcept {
  if (merged_ || (!published_ && scale_ == 1.0F)) {
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

std::vector<float> local_end::snapshot() const {
  std::vector<float> values(size());
  relaxed::copy(published_ ? published_parameters_.data() : vector_.data(),
                size(), values.data());
  return values;
}

void local_end::assign(const float* values) noexcept {
  relaxed::copy(values, size(), parameters());
  close_all();
}

void local_end::move(const float* asked, const float* wanted) noexcept {
  float* const w = parameters();
#pragma omp simd
  for (std::size_t j = 0; j < size(); ++j) {
    relaxed::store(w[j],
                   kernels::moved(relaxed::load(w[j]), asked[j], wanted[j]));
  }
  close_all();
}

void local_end::close_all() noexcept {
  if (!published_) {
    return;
  }
  for (std::size_t first = 0; first < size(); first += block) {
    close(first, std::min(block, size() - first));
  }
}

void local_end::let_go() noexcept {
  if (published_) {
    published_->let_go();
  }
}

void local_end::keep(state_archive& all) {
  all.require_rest(merged_ && !has_gradient());
  all(published_parameters_, base_);
  for (const auto& each : inboxes_) {
    each->keep(all, size());
  }
}

void local_link::ask(errand what, local_end& own, const step_context& now,
                     std::size_t at, std::size_t n, float* up) {
  const kernels::near_end near = open(own, now, at, n);
  rule->ask(near, up);
  if (what == errand::push) {
    relaxed::copy(near.w, n, near.s);
  } else if (own.published()) {
    asked.resize(snapshot.size());
    relaxed::copy(near.w, n, asked.data() + at);
  }
  close(own, at, n);
}

namespace {

/// As if nobody had moved it; then what others have moved comes on top.
void take_among_others(const kernels::exchange_rule& rule,
                       const kernels::near_end& near, const float* down,
                       const float* asked) {
  std::array<float, local_end::block> wanted;
  for (std::size_t at = 0; at < near.n; at += wanted.size()) {
    const std::size_t n = std::min(wanted.size(), near.n - at);
    std::copy_n(asked + at, n, wanted.data());
    rule.take(
        {wanted.data(), near.s + at, n, near.step, near.decay, near.first + at},
        down + at, asked + at);
    for (std::size_t j = 0; j < n; ++j) {
      float& w = near.w[at + j];
      relaxed::store(
          w, kernels::moved(relaxed::load(w), asked[at + j], wanted[j]));
    }
  }
}

}  // namespace

void local_link::take(errand what, local_end& own, const step_context& now,
                      std::size_t at, std::size_t n, const float* down,
                      const float* lost) {
  const kernels::near_end near = open(own, now, at, n);
  if (what == errand::pull) {
    kernels::overwrite().take(near, down, nullptr);
  } else if (own.published()) {
    take_among_others(*rule, near, down, asked.data() + at);
  } else {
    rule->take(near, down, near.w);
  }
  if (lost != nullptr) {
    rule->keep(near, lost);
  }
  close(own, at, n);
}

}  // namespace sounder::actors

#include "kernels/exchange/averaged_tail.hpp"

#include <algorithm>
#include <functional>
#include <vector>

namespace sounder::kernels {

namespace {

/// How many of the stretch's coordinates are before `from`.
template <class End>
std::size_t before(const End& e, std::size_t from) noexcept {
  return from > e.first ? std::min(from - e.first, e.n) : 0;
}

near_end part(const near_end& e, std::size_t at, std::size_t n) noexcept {
  near_end of = e;
  of.w += at;
  of.s += at;
  of.g = e.g == nullptr ? nullptr : e.g + at;
  of.n = n;
  of.first += at;
  return of;
}

far_end part(const far_end& e, std::size_t at, std::size_t n) noexcept {
  far_end of = e;
  of.c += at;
  of.v = e.v == nullptr ? nullptr : e.v + at;
  of.u = e.u == nullptr ? nullptr : e.u + at;
  of.n = n;
  of.first += at;
  return of;
}

}  // namespace

void averaged_tail::ask(const near_end& e, float* up) const noexcept {
  const std::size_t k = before(e, from_);
  head_->ask(part(e, 0, k), up);
  if (e.g == nullptr) {
    tail_.ask(part(e, k, e.n - k), up + k);
  } else {
    std::transform(e.g + k, e.g + e.n, up + k, std::negate<>());
  }
  for (std::size_t j = k; j < e.n; ++j) {
    up[j] *= share_;
  }
}

void averaged_tail::serve(const far_end& e, float* payload) const noexcept {
  const std::size_t k = before(e, from_);
  head_->serve(part(e, 0, k), payload);
  tail_.serve(part(e, k, e.n - k), payload + k);
}

void averaged_tail::show(const far_end& e, float* down) const noexcept {
  const std::size_t k = before(e, from_);
  head_->show(part(e, 0, k), down);
  tail_.show(part(e, k, e.n - k), down + k);
}

void averaged_tail::take(const near_end& e, const float* down,
                         const float* asked) const noexcept {
  const std::size_t k = before(e, from_);
  head_->take(part(e, 0, k), down, asked);
  tail_.take(part(e, k, e.n - k), down + k, nullptr);
}

void averaged_tail::serve_all(const far_end& e,
                              std::span<float* const> payloads) const noexcept {
  const std::size_t k = before(e, from_);
  head_->serve_all(part(e, 0, k), payloads);
  if (k < e.n) {
    std::vector<float*> tails(payloads.begin(), payloads.end());
    for (float*& each : tails) {
      each += k;
    }
    tail_.serve_all(part(e, k, e.n - k), tails);
  }
}

void averaged_tail::keep(const near_end& e, const float* lost) const noexcept {
  const std::size_t k = before(e, from_);
  head_->keep(part(e, 0, k), lost);
  tail_.keep(part(e, k, e.n - k), lost + k);
}

}  // namespace sounder::kernels

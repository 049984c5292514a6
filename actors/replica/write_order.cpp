#include "actors/replica/write_order.hpp"

#include <algorithm>
#include <functional>

namespace sounder::actors {

void coordinate_locks::lock(std::vector<std::uint32_t>& features) noexcept {
  const bool ascending =
      std::adjacent_find(features.begin(), features.end(),
                         std::greater_equal<>()) == features.end();
  if (!ascending) {
    std::sort(features.begin(), features.end());
    features.erase(std::unique(features.begin(), features.end()),
                   features.end());
  }
  for (const std::uint32_t u : features) {
    backoff wait;
    while (locks_[u].exchange(1, std::memory_order_acquire) != 0) {
      wait.wait();
    }
  }
}

void coordinate_locks::unlock(
    std::span<const std::uint32_t> features) noexcept {
  for (const std::uint32_t u : features) {
    locks_[u].store(0, std::memory_order_release);
  }
}

bool turns::wait_for(std::size_t batch) noexcept {
  constexpr unsigned spins = 512;
  for (unsigned k = 0; k < spins; ++k) {
    if (is_at(batch)) {
      return true;
    }
#if defined(__x86_64__)
    __builtin_ia32_pause();
#endif
  }
  for (;;) {
    const std::uint32_t seen = state_.load(std::memory_order_acquire);
    if (seen == as_state(batch)) {
      return true;
    }
    if ((seen & closed) != 0) {
      return false;
    }
    state_.wait(seen, std::memory_order_acquire);
  }
}

void turns::pass() noexcept {
  // Only the holder of the turn writes here, but close() may come between.
  const std::size_t now = written_.load(std::memory_order_relaxed) + 1;
  written_.store(now, std::memory_order_relaxed);
  std::uint32_t seen = as_state(now - 1);
  if (state_.compare_exchange_strong(seen, as_state(now),
                                     std::memory_order_acq_rel)) {
    state_.notify_all();
  }
}

void turns::close() noexcept {
  state_.fetch_or(closed, std::memory_order_acq_rel);
  state_.notify_all();
}

}  // namespace sounder::actors

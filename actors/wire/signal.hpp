#pragma once

// How a worker waits for others at a meeting, without ever doing so for long:
// it sleeps a few milliseconds at most, then looks at its mailbox again.

#include <algorithm>
#include <atomic>
#include <chrono>
#include <condition_variable>
#include <cstddef>
#include <cstdint>
#include <mutex>

namespace sounder::actors {

/// Something that waiters wait for has changed.
///
/// Threads: any. Cost of notify(): a load, unless somebody waits.
class signal {
 public:
  using clock = std::chrono::steady_clock;
  using time_point = clock::time_point;

  void notify() noexcept;

  /// Returns as soon as holds() says true, or after some milliseconds: spins
  /// first, then sleeps; no longer than `until`. True when it holds.
  template <class Claim>
  bool wait(const Claim& holds, time_point until = time_point::max()) {
    constexpr int spins = 200;
    for (int k = 0; k < spins; ++k) {
      if (holds()) {
        return true;
      }
#if defined(__x86_64__)
      __builtin_ia32_pause();
#endif
    }
    waiting_.fetch_add(1);
    std::unique_lock lock(mutex_);
    const bool does_hold = changed_.wait_until(
        lock, std::min(until, clock::now() + std::chrono::milliseconds(5)),
        holds);
    waiting_.fetch_sub(1);
    return does_hold;
  }

 private:
  std::atomic<unsigned> waiting_{0};
  std::mutex mutex_;
  std::condition_variable changed_;
};

}  // namespace sounder::actors

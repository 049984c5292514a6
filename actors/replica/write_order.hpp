#pragma once

// What orders the writes of several workers on one vector, for the
// disciplines that do: a lock, a lock a coordinate, turns.

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <thread>
#include <vector>

namespace sounder::actors {

/// Waits politely for something another thread is about to do: pauses, then
/// yields, since with more workers than cores the other may need this core.
class backoff {
 public:
  void wait() noexcept {
    if (++tries_ < spins) {
#if defined(__x86_64__)
      __builtin_ia32_pause();
#endif
    } else {
      std::this_thread::yield();
    }
  }

 private:
  static constexpr unsigned spins = 64;
  unsigned tries_ = 0;
};

/// One spin lock per feature. lock() takes the locks of all given features
/// in ascending order, so workers cannot wait for each other in a circle.
///
/// Threads: any. Cost: one atomic exchange a feature, one store to unlock.
class coordinate_locks {
 public:
  explicit coordinate_locks(std::size_t features) : locks_(features) {}

  /// Sorts `features` and drops duplicates if needed, then locks them.
  void lock(std::vector<std::uint32_t>& features) noexcept;
  void unlock(std::span<const std::uint32_t> features) noexcept;

 private:
  std::vector<std::atomic<std::uint8_t>> locks_;
};

/// A fixed cyclic order: batch b may be written when b batches were.
///
/// Threads: any. A wait spins for some microseconds, then sleeps until the
/// turn comes or close() is called.
class turns {
 public:
  /// True when it is the batch's turn, false when the turns were closed.
  bool wait_for(std::size_t batch) noexcept;

  bool is_at(std::size_t batch) const noexcept {
    return state_.load(std::memory_order_acquire) == as_state(batch);
  }
  std::size_t written() const noexcept {
    return written_.load(std::memory_order_relaxed);
  }
  void pass() noexcept;

  /// Nobody shall wait any more: whoever has the turn may not pass it on.
  void close() noexcept;

 private:
  // The batches written (their lower 31 bits) and whether it is closed, in
  // the four bytes that a thread can sleep on.
  static constexpr std::uint32_t closed = 1U << 31U;
  static std::uint32_t as_state(std::size_t written) noexcept {
    return static_cast<std::uint32_t>(written) & ~closed;
  }

  std::atomic<std::uint32_t> state_{0};
  std::atomic<std::size_t> written_{0};
};

}  // namespace sounder::actors

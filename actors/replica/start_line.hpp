#pragma once

#include <atomic>
#include <cstdint>

namespace sounder::actors {

/// Lets the workers of all replicas of a process begin an epoch together:
/// waking those that slept during an evaluation is the evaluation's fault, so
/// it does not count as training.
///
/// Threads: any.
class start_line {
 public:
  explicit start_line(unsigned workers) : workers_(workers) {}

  /// Returns when all have come, or after a moment. At once with more workers
  /// than processors: then they cannot all be here.
  void arrive() noexcept;

 private:
  unsigned workers_;
  std::atomic<std::uint64_t> came_{0};  // in all epochs
};

}  // namespace sounder::actors

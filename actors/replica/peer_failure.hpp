#pragma once

#include <atomic>
#include <mutex>
#include <string>

namespace sounder::actors {

/// Whom a process has lost in the middle of a run, for people: the first one,
/// the others follow from it.
///
/// Threads: any.
class peer_failure {
 public:
  void note(const std::string& how) {
    const std::scoped_lock lock(mutex_);
    if (how_.empty()) {
      how_ = how;
    }
    has_happened_.store(true);
  }
  bool has_happened() const noexcept { return has_happened_.load(); }
  /// Empty while all are there.
  std::string how() const {
    const std::scoped_lock lock(mutex_);
    return how_;
  }

 private:
  mutable std::mutex mutex_;
  std::string how_;
  std::atomic<bool> has_happened_{false};
};

}  // namespace sounder::actors

#pragma once

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
  }
  /// Empty while all are there.
  std::string how() const {
    const std::scoped_lock lock(mutex_);
    return how_;
  }

 private:
  mutable std::mutex mutex_;
  std::string how_;
};

}  // namespace sounder::actors

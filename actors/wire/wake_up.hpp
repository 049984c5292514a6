#pragma once

namespace sounder::actors {

/// Wakes a thread that waits in poll().
///
/// Threads: any may ring.
class wake_up {
 public:
  /// Throws std::system_error.
  wake_up();
  ~wake_up();
  wake_up(const wake_up&) = delete;
  wake_up& operator=(const wake_up&) = delete;

  /// What poll() must wait for, to be read.
  int descriptor() const noexcept { return descriptor_; }
  void ring() noexcept;
  /// Until it is rung again.
  void clear() noexcept;

 private:
  int descriptor_;
};

}  // namespace sounder::actors

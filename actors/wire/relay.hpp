#pragma once

// Connections that CAF shall have in plain: their bytes go to and fro between
// the stream and a socket that only this process has.

#include <memory>
#include <mutex>
#include <thread>
#include <vector>

#include "actors/wire/stream.hpp"
#include "actors/wire/wake_up.hpp"

namespace sounder::actors {

/// Carries any number of connections, 128 KiB of memory each. When one way ends
/// the other may go on for `linger`, since CAF waits for the other side's end
/// and would wait for ever. An error ends both ways.
///
/// Threads: one of its own; any may add.
class relay {
 public:
  static constexpr std::chrono::seconds linger{1};

  relay();
  /// Ends when all that was sent is gone, after a second at most.
  ~relay();
  relay(const relay&) = delete;
  relay& operator=(const relay&) = delete;

  /// Carries the stream, which is through its handshake, until an end of it
  /// hangs up. Returns the other end: a socket of the caller's.
  /// Throws std::system_error.
  int add(std::unique_ptr<stream> far);

 private:
  struct connection;

  void run(const std::stop_token& stop);
  void take_new(std::vector<std::unique_ptr<connection>>& all);
  void wait(const std::vector<std::unique_ptr<connection>>& all,
            int longest_ms);

  wake_up wake_;
  std::mutex mutex_;
  std::vector<std::unique_ptr<connection>> added_;
  std::jthread thread_;
};

}  // namespace sounder::actors

#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <vector>

#include <sys/types.h>

namespace sounder::app {

/// A process that lives no longer than this one. Its standard input is a pipe
/// that nobody writes to: its end says that we are gone or want the process to
/// go. Its standard output is read here.
///
/// Threads: the one that made it; the process dies with that thread.
class child_process {
 public:
  /// What SIGINT, SIGTERM, SIGHUP and SIGUSR1 are to it when they are sent to
  /// the whole group: we end it in our own time.
  enum class group_signals {
    blocked,  // for good
    ignored,  // unless the program asks for them, as ssh does at its prompt
  };

  /// Throws std::system_error.
  child_process(const std::vector<std::string>& words, group_signals are);
  child_process(child_process&& other) noexcept;
  child_process& operator=(child_process&&) = delete;
  ~child_process();

  /// The next line of its output, without the end of the line. Nothing when
  /// the output ends, or the time.
  std::optional<std::string> read_line(
      std::chrono::steady_clock::time_point until);

  /// Whether it is gone, however that came.
  bool has_ended() noexcept;

  /// Asks it to end. The destructor does so, waits, and kills.
  void close_input() noexcept;

 private:
  bool read_more(std::chrono::steady_clock::time_point until);

  pid_t id_ = -1;
  int input_ = -1;
  int output_ = -1;
  std::string unread_;
};

}  // namespace sounder::app

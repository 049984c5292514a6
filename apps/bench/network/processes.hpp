#pragma once

// Processes to talk to: made by fork before anybody has a thread, and ended
// with the object.

#include <csignal>
#include <functional>
#include <stdexcept>
#include <string>
#include <utility>

#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

namespace sounder::bench {

class peer_process {
 public:
  /// Runs body(say) in a process of its own; say(port) tells where it listens.
  explicit peer_process(
      const std::function<void(const std::function<void(int)>&)>& body) {
    int ends[2];
    if (pipe(ends) != 0) {
      throw std::runtime_error("no pipe");
    }
    id_ = fork();
    if (id_ == 0) {
      prctl(PR_SET_PDEATHSIG, SIGKILL);
      close(ends[0]);
      body([&](int port) {
        if (write(ends[1], &port, sizeof port) != sizeof port) {
          _exit(1);
        }
      });
      _exit(0);
    }
    close(ends[1]);
    const bool is_up = read(ends[0], &port_, sizeof port_) == sizeof port_;
    close(ends[0]);
    if (!is_up) {
      throw std::runtime_error("a process did not start");
    }
  }
  peer_process(peer_process&& other) noexcept
      : id_(std::exchange(other.id_, -1)), port_(other.port_) {}
  peer_process& operator=(peer_process&&) = delete;
  ~peer_process() {
    if (id_ > 0) {
      kill(id_, SIGKILL);
      waitpid(id_, nullptr, 0);
    }
  }

  int port() const noexcept { return port_; }
  std::string address() const { return "127.0.0.1:" + std::to_string(port_); }

 private:
  pid_t id_ = -1;
  int port_ = 0;
};

}  // namespace sounder::bench

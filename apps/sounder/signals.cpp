#include "apps/sounder/signals.hpp"

#include <atomic>
#include <csignal>
#include <system_error>

#include <unistd.h>

namespace sounder::app {

namespace {

/// The pipe's end that the handler writes to; -1 while nobody listens. Only
/// write() and _exit() are safe in a handler, hence the pipe and a thread.
std::atomic<int> listening{-1};
static_assert(std::atomic<int>::is_always_lock_free);

extern "C" void on_signal(int) {
  const int pipe = listening.exchange(-1);
  const char byte = 0;
  if (pipe < 0 || write(pipe, &byte, 1) != 1) {
    _exit(130);
  }
}

}  // namespace

void set_up_signals() {
  struct sigaction action = {};
  action.sa_handler = on_signal;
  action.sa_flags = SA_RESTART;
  sigaction(SIGINT, &action, nullptr);
  sigaction(SIGTERM, &action, nullptr);
  std::signal(SIGPIPE, SIG_IGN);
  std::signal(SIGXFSZ, SIG_IGN);
}

interrupt_watch::interrupt_watch() {
  int ends[2];
  if (pipe(ends) != 0) {
    throw std::system_error(errno, std::generic_category(), "pipe");
  }
  read_end_ = ends[0];
  write_end_ = ends[1];
  listening = write_end_;
  listener_ = std::jthread([this] {
    char byte = 0;
    if (read(read_end_, &byte, 1) == 1) {
      stop_.request_stop();
    }
  });
}

interrupt_watch::~interrupt_watch() {
  listening = -1;
  close(write_end_);  // wakes the listener
  listener_.join();
  close(read_end_);
}

}  // namespace sounder::app

#include "apps/sounder/signals.hpp"

#include <atomic>
#include <cerrno>
#include <csignal>
#include <cstdint>
#include <ctime>
#include <system_error>

#include <unistd.h>

namespace sounder::app {

namespace {

/// The pipe's end that the handler writes to; -1 while nobody listens. Only
/// write() and _exit() are safe in a handler, hence the pipe and a thread.
std::atomic<int> listening{-1};
/// When the handler has written, by the steady clock; 0: it has not.
std::atomic<std::int64_t> heard_ms{0};
static_assert(std::atomic<int>::is_always_lock_free &&
              std::atomic<std::int64_t>::is_always_lock_free);

constexpr std::int64_t same_signal_ms = 300;

std::int64_t now_ms() {
  timespec now{};
  clock_gettime(CLOCK_MONOTONIC, &now);
  return 1000 * std::int64_t{now.tv_sec} + now.tv_nsec / 1'000'000;
}

extern "C" void on_signal(int) {
  const int before = errno;
  const std::int64_t now = now_ms();
  const int pipe = listening.exchange(-1);
  const char byte = 0;
  if (pipe >= 0) {
    heard_ms = now;
    if (write(pipe, &byte, 1) != 1) {
      _exit(130);
    }
  } else if (heard_ms == 0 || now - heard_ms > same_signal_ms) {
    _exit(130);
  }
  errno = before;
}

bool is_ignored(int number) {
  struct sigaction now = {};
  sigaction(number, nullptr, &now);
  return now.sa_handler == SIG_IGN;
}

}  // namespace

void set_up_signals() {
  struct sigaction action = {};
  action.sa_handler = on_signal;
  action.sa_flags = SA_RESTART;
  for (const int number : {SIGINT, SIGTERM, SIGHUP, SIGUSR1}) {
    // nohup has it ignored, and means it.
    if (number != SIGHUP || !is_ignored(number)) {
      sigaction(number, &action, nullptr);
    }
  }
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
  heard_ms = 0;
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
  heard_ms = 0;
  close(write_end_);  // wakes the listener
  listener_.join();
  close(read_end_);
}

}  // namespace sounder::app

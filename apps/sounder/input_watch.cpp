#include "apps/sounder/input_watch.hpp"

#include <cerrno>

#include <poll.h>
#include <unistd.h>

namespace sounder::app {

namespace {

/// Whether the input goes on; looks for a moment.
bool goes_on() {
  pollfd input = {STDIN_FILENO, POLLIN, 0};
  if (poll(&input, 1, 50) <= 0) {
    return true;
  }
  char passed_over[256];
  const ssize_t n = read(STDIN_FILENO, passed_over, sizeof passed_over);
  return n > 0 || (n < 0 && errno == EINTR);
}

}  // namespace

input_watch::input_watch()
    : listener_([this](const std::stop_token& end) {
        while (!end.stop_requested()) {
          if (!goes_on()) {
            over_.request_stop();
            return;
          }
        }
      }) {}

}  // namespace sounder::app

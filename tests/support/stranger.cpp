#include "tests/support/stranger.hpp"

#include <array>
#include <utility>

#include <arpa/inet.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

namespace sounder::tests {

stranger::stranger(std::uint16_t port)
    : socket_(socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
  sockaddr_in at = {};
  at.sin_family = AF_INET;
  at.sin_port = htons(port);
  at.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  if (connect(socket_, reinterpret_cast<sockaddr*>(&at), sizeof at) != 0) {
    close(std::exchange(socket_, -1));
  }
}

stranger::stranger(stranger&& other) noexcept
    : socket_(std::exchange(other.socket_, -1)) {}

stranger::~stranger() {
  if (socket_ >= 0) {
    close(socket_);
  }
}

void stranger::say(std::string_view bytes) const {
  static_cast<void>(send(socket_, bytes.data(), bytes.size(), MSG_NOSIGNAL));
}

bool stranger::is_hung_up_on(std::chrono::milliseconds within) const {
  using clock = std::chrono::steady_clock;
  const auto until = clock::now() + within;
  std::array<char, 4096> said{};
  for (;;) {
    const auto left = std::chrono::duration_cast<std::chrono::milliseconds>(
        until - clock::now());
    pollfd waiting = {socket_, POLLIN, 0};
    if (left.count() <= 0 ||
        poll(&waiting, 1, static_cast<int>(left.count())) == 0) {
      return false;
    }
    if (recv(socket_, said.data(), said.size(), 0) <= 0) {
      return true;
    }
  }
}

}  // namespace sounder::tests

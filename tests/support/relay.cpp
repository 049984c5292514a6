#include "tests/support/relay.hpp"

#include <array>
#include <cerrno>
#include <system_error>
#include <vector>

#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

namespace sounder::tests {

namespace {

sockaddr_in address(const std::string& host, std::uint16_t port) {
  sockaddr_in at = {};
  at.sin_family = AF_INET;
  at.sin_port = htons(port);
  inet_pton(AF_INET, host.c_str(), &at.sin_addr);
  return at;
}

int make_socket() { return socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0); }

void bind_to(int socket, const std::string& host, std::uint16_t port) {
  const int on = 1;
  setsockopt(socket, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
  const sockaddr_in at = address(host, port);
  if (bind(socket, reinterpret_cast<const sockaddr*>(&at), sizeof at) != 0) {
    throw std::system_error(errno, std::generic_category(), "bind");
  }
}

/// One way of a connection: sockets, and whether it has ended.
struct connection {
  std::array<int, 2> ends{-1, -1};
  bool is_over = false;

  /// Waits for the reader, if need be: a test's traffic fits.
  /// Returns the bytes carried.
  std::uint64_t carry(std::size_t from) {
    std::array<char, 65536> bytes{};
    const ssize_t n =
        recv(ends[from], bytes.data(), bytes.size(), MSG_DONTWAIT);
    if (n < 0 && errno == EAGAIN) {
      return 0;
    }
    is_over = n <= 0;
    for (ssize_t sent = 0; sent < n && !is_over;) {
      const ssize_t m = send(ends[1 - from], bytes.data() + sent,
                             static_cast<std::size_t>(n - sent), MSG_NOSIGNAL);
      is_over = m <= 0;
      sent += m;
    }
    return n > 0 ? static_cast<std::uint64_t>(n) : 0;
  }
  void end() {
    for (int& socket : ends) {
      if (socket >= 0) {
        close(socket);
      }
      socket = -1;
    }
  }
};

}  // namespace

std::uint16_t free_port(const std::string& host) {
  const int s = make_socket();
  bind_to(s, host, 0);
  sockaddr_in at = {};
  socklen_t length = sizeof at;
  getsockname(s, reinterpret_cast<sockaddr*>(&at), &length);
  close(s);
  return ntohs(at.sin_port);
}

relay::relay(const std::string& from, const std::string& to, std::uint16_t port)
    : to_(to), port_(port), listening_(make_socket()) {
  bind_to(listening_, from, port);
  if (listen(listening_, 64) != 0) {
    throw std::system_error(errno, std::generic_category(), "listen");
  }
  thread_ = std::jthread([this](const std::stop_token& s) { pass_on(s); });
}

relay::~relay() {
  thread_ = {};
  close(listening_);
}

void relay::pass_on(const std::stop_token& stop) {
  std::vector<connection> all;
  while (!stop.stop_requested()) {
    std::vector<pollfd> polled = {{listening_, POLLIN, 0}};
    for (const connection& c : all) {
      polled.push_back({c.ends[0], POLLIN, 0});
      polled.push_back({c.ends[1], POLLIN, 0});
    }
    poll(polled.data(), polled.size(), 20);
    for (std::size_t k = 0; k < all.size(); ++k) {
      for (const std::size_t end : {0U, 1U}) {
        if (!all[k].is_over && polled[1 + 2 * k + end].revents != 0) {
          bytes_ += all[k].carry(end);
        }
      }
      all[k].is_over = all[k].is_over || is_cut_;
      if (all[k].is_over) {
        all[k].end();
      }
    }
    std::erase_if(all, [](const connection& c) { return c.is_over; });
    if ((polled[0].revents & POLLIN) != 0) {
      connection made;
      made.ends[0] = accept4(listening_, nullptr, nullptr, SOCK_CLOEXEC);
      made.ends[1] = make_socket();
      const int on = 1;
      for (const int end : made.ends) {
        setsockopt(end, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
      }
      const sockaddr_in at = address(to_, port_);
      made.is_over =
          connect(made.ends[1], reinterpret_cast<const sockaddr*>(&at),
                  sizeof at) != 0;
      all.push_back(made);
      ++connections_;
    }
  }
  for (connection& c : all) {
    c.end();
  }
}

}  // namespace sounder::tests

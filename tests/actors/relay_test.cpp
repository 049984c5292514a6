#include "actors/wire/relay.hpp"

#include <chrono>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include <catch2/catch.hpp>
#include <sys/socket.h>
#include <unistd.h>

namespace {

namespace a = sounder::actors;

/// A relayed connection: what is written at one end comes out of the other.
struct carried {
  a::relay by;
  int far = -1;
  int near = -1;

  carried() {
    const auto [outside, inside] = a::socket_pair();
    const a::tls_context open_to_all{a::tls_files()};
    far = outside;
    near = by.add(std::make_unique<a::stream>(inside, open_to_all,
                                              a::stream::side::accepts));
  }
  ~carried() {
    for (const int end : {far, near}) {
      if (end >= 0) {
        close(end);
      }
    }
  }
};

std::vector<char> pattern(std::size_t n, unsigned seed) {
  std::vector<char> bytes(n);
  for (std::size_t k = 0; k < n; ++k) {
    bytes[k] = static_cast<char>((k * 31 + k / 251 + seed) & 0x7FU);
  }
  return bytes;
}

void send_all(int socket, const std::vector<char>& bytes) {
  std::size_t sent = 0;
  while (sent < bytes.size()) {
    const ssize_t n =
        send(socket, bytes.data() + sent, bytes.size() - sent, MSG_NOSIGNAL);
    if (n <= 0) {
      return;
    }
    sent += static_cast<std::size_t>(n);
  }
}

/// To the end, or as many.
std::vector<char> receive(int socket, std::size_t most = ~std::size_t{0}) {
  std::vector<char> bytes;
  char piece[4096];
  while (bytes.size() < most) {
    const ssize_t n = recv(socket, piece, sizeof piece, 0);
    if (n <= 0) {
      return bytes;
    }
    bytes.insert(bytes.end(), piece, piece + n);
  }
  return bytes;
}

}  // namespace

TEST_CASE("relay: much goes both ways at once, unchanged, to the end") {
  const carried pair;
  const std::vector<char> up = pattern(20'000'000, 1);
  const std::vector<char> down = pattern(7'000'003, 2);
  std::vector<char> arrived;

  {
    const std::jthread sends([&] { send_all(pair.far, up); });
    const std::jthread answers([&] { send_all(pair.near, down); });
    const std::jthread reads([&] { arrived = receive(pair.near, up.size()); });
    REQUIRE(receive(pair.far, down.size()) == down);
  }

  REQUIRE(arrived == up);
}

TEST_CASE("relay: one way goes on for a while when the other has ended") {
  const carried pair;

  shutdown(pair.far, SHUT_WR);
  REQUIRE(receive(pair.near).empty());
  send_all(pair.near, pattern(1000, 3));
  shutdown(pair.near, SHUT_WR);

  REQUIRE(receive(pair.far) == pattern(1000, 3));
}

TEST_CASE("relay: whoever never hangs up is hung up on after the other") {
  const carried pair;

  shutdown(pair.near, SHUT_WR);
  REQUIRE(receive(pair.far).empty());
  const auto began = std::chrono::steady_clock::now();

  REQUIRE(receive(pair.near).empty());  // though far does not hang up
  REQUIRE(std::chrono::steady_clock::now() - began < std::chrono::seconds(30));
}

TEST_CASE("relay: the last words are sent when it ends") {
  const auto [outside, inside] = a::socket_pair();
  const a::tls_context open_to_all{a::tls_files()};
  {
    a::relay by;
    const int near = by.add(std::make_unique<a::stream>(
        inside, open_to_all, a::stream::side::accepts));
    send_all(near, pattern(100'000, 4));
    close(near);
  }

  REQUIRE(receive(outside) == pattern(100'000, 4));
  close(outside);
}

TEST_CASE("relay: a connection that breaks leaves the others alone") {
  a::relay by;
  const a::tls_context open_to_all{a::tls_files()};
  std::vector<std::pair<int, int>> ends;
  for (int k = 0; k < 8; ++k) {
    const auto [outside, inside] = a::socket_pair();
    ends.emplace_back(
        outside, by.add(std::make_unique<a::stream>(inside, open_to_all,
                                                    a::stream::side::accepts)));
  }
  for (std::size_t k = 0; k < ends.size(); k += 2) {
    send_all(ends[k].second, pattern(10, 5));
    close(ends[k].first);  // with bytes unread
  }

  for (std::size_t k = 1; k < ends.size(); k += 2) {
    send_all(ends[k].first, pattern(5000, 6));
    shutdown(ends[k].first, SHUT_WR);
    REQUIRE(receive(ends[k].second) == pattern(5000, 6));
    close(ends[k].first);
  }
  for (const auto& [far, near] : ends) {
    close(near);
  }
}

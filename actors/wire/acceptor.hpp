#pragma once

// The listening side: takes connections in, and hands on those that have come
// through the handshake.

#include <atomic>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <thread>
#include <vector>

#include "actors/wire/handshake.hpp"
#include "actors/wire/wake_up.hpp"

namespace sounder::actors {

/// Handshakes in progress. With one more the oldest is given up: an honest one
/// takes milliseconds.
constexpr std::size_t most_handshakes = 64;

/// What becomes of a connection after its handshake. Called by the acceptor's
/// thread.
struct connection_handler {
  std::function<bool(const greeting& hello)> is_expected;
  /// Follows if it is, and the other side has been told.
  std::function<void(const greeting& hello, std::unique_ptr<stream> made)>
      accept;
};

/// Listens as long as it lives. Whoever sends anything but a handshake is hung
/// up on; whoever is silent, after the handshake's deadline.
///
/// Threads: one of its own.
class acceptor {
 public:
  /// Throws std::system_error that names the address.
  acceptor(const node_address& at, const tls_context& tls,
           connection_handler handler);
  ~acceptor();
  acceptor(const acceptor&) = delete;
  acceptor& operator=(const acceptor&) = delete;

  std::uint16_t port() const noexcept { return listening_.port; }

 private:
  struct pending;

  void run(const std::stop_token& stop);
  void wait(const std::vector<pending>& all);
  void take_new(std::vector<pending>& all);
  bool go_on(pending& one);
  void finish(pending& one);

  // Set once.
  listening_socket listening_;
  tls_context tls_;
  connection_handler handler_;
  wake_up wake_;
  // Only the thread.
  std::chrono::steady_clock::time_point full_until_;

  std::jthread thread_;
};

}  // namespace sounder::actors

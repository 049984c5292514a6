#pragma once

#include <atomic>
#include <cstdint>
#include <string>
#include <thread>

namespace sounder::tests {

/// A port of this machine that is free just now at the host, an IPv4 address.
std::uint16_t free_port(const std::string& host);

/// Listens at one address, connects through to another, and passes on what
/// comes in either direction, until it is told to cut.
class relay {
 public:
  relay(const std::string& from, const std::string& to, std::uint16_t port);
  relay(const relay&) = delete;
  relay& operator=(const relay&) = delete;
  ~relay();

  /// Ends all connections, those there are and those to come.
  void cut() { is_cut_ = true; }
  /// Passed on so far, both ways.
  std::uint64_t bytes() const { return bytes_; }
  /// That were made so far.
  std::size_t connections() const { return connections_; }

 private:
  void pass_on(const std::stop_token& stop);

  std::string to_;
  std::uint16_t port_;
  int listening_ = -1;
  std::atomic<bool> is_cut_{false};
  std::atomic<std::uint64_t> bytes_{0};
  std::atomic<std::size_t> connections_{0};
  std::jthread thread_;
};

}  // namespace sounder::tests

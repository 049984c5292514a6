#pragma once

#include <atomic>
#include <cstddef>
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

  /// Ends all connections but the `spared` that have lasted longest, those
  /// there are and those to come.
  void cut(std::size_t spared = 0) { spared_ = spared; }

 private:
  void pass_on(const std::stop_token& stop);

  std::string to_;
  std::uint16_t port_;
  int listening_ = -1;
  std::atomic<std::size_t> spared_{static_cast<std::size_t>(-1)};
  std::jthread thread_;
};

}  // namespace sounder::tests

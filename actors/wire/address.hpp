#pragma once

// Where a node listens.

#include <cstdint>
#include <string>

namespace sounder::actors {

/// A host, by name or number and without brackets, and a port.
struct node_address {
  std::string host;
  std::uint16_t port = 0;

  /// HOST:PORT, [HOST]:PORT where the host is an IPv6 address.
  std::string text() const;
  bool operator==(const node_address&) const = default;
};

/// Reads HOST:PORT and [HOST]:PORT; of an IPv6 address without brackets what
/// follows the last colon is the port.
/// Throws std::invalid_argument that says what is wrong with the text.
node_address parse_address(const std::string& text);

/// Whether only this machine reaches it.
bool is_loopback(const std::string& host);

}  // namespace sounder::actors

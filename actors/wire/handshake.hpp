#pragma once

// How every connection between processes begins: the TLS handshake, where there
// is TLS, then a greeting by whoever has connected and an answer.

#include <array>
#include <chrono>
#include <cstdint>
#include <memory>
#include <stop_token>
#include <string>

#include "actors/wire/peer_error.hpp"
#include "actors/wire/stream.hpp"

namespace sounder::actors {

/// Whoever connects has so long for both.
constexpr std::chrono::seconds handshake_deadline{5};

/// What both ends of a stream call it.
using stream_key = std::uint64_t;

/// The key of connections for messages, of which no run knows.
constexpr stream_key messages_key = ~stream_key{0};

/// Shown by whoever connects: made by the leader, told to the run's nodes.
using run_secret = std::array<std::uint64_t, 2>;
run_secret make_secret();

/// Spoken between nodes; another number is refused.
constexpr std::uint32_t protocol = 14;

constexpr std::uint32_t handshake_magic = 0x53646572;

/// Whoever connects says this first.
struct greeting {
  std::uint32_t magic = handshake_magic;
  std::uint32_t version = protocol;
  stream_key key = messages_key;
  run_secret secret{};
};

enum class verdict : std::uint64_t { welcome, unknown };

/// And is told this. Who says something else is hung up on.
struct answer {
  std::uint32_t magic = handshake_magic;
  std::uint32_t version = protocol;
  verdict says = verdict::welcome;
};

/// Thrown when waiting would not help: the other end is of another version, or
/// one of both does not take the other's certificate.
class refused_error : public peer_error {
 public:
  using peer_error::peer_error;
};

/// A connection to where somebody listens, greeted and welcome. Errors of the
/// stream name the other end as `other` does. Null when it was interrupted.
/// Throws refused_error, or peer_error after the deadline; what() says why, and
/// names the address.
std::unique_ptr<stream> connect_stream(const node_address& to,
                                       const tls_context& tls,
                                       const greeting& hello,
                                       const std::string& other,
                                       std::chrono::milliseconds deadline,
                                       const std::stop_token& interrupt = {});

}  // namespace sounder::actors

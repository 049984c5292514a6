#pragma once

// The wire for parameters: a connection between two threads of two nodes, in
// plain TCP or TLS. CAF carries what is said about a run; what is exchanged
// goes here, straight from and into the vectors' memory.

#include <chrono>
#include <cstddef>
#include <memory>
#include <span>
#include <stdexcept>
#include <string>
#include <utility>

#include "actors/wire/address.hpp"
#include "actors/wire/tls_files.hpp"
#include "actors/wire/wake_up.hpp"

struct ssl_ctx_st;
struct ssl_st;

namespace sounder::actors {

/// A peer that has been silent for so long is gone: of streams, whose data are
/// not acknowledged, and of CAF's connections alike.
constexpr std::chrono::seconds peer_deadline{10};

/// The certificates of one side, loaded. Empty files: no TLS.
class tls_context {
 public:
  /// Throws std::runtime_error that names the file, also when the key is that
  /// of another certificate.
  explicit tls_context(const tls_files& files);

  bool is_on() const noexcept { return context_ != nullptr; }
  ssl_ctx_st* get() const noexcept { return context_.get(); }

 private:
  std::shared_ptr<ssl_ctx_st> context_;
};

/// Thrown when the other side is gone or does not speak as it should.
class stream_error : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

/// Thrown when one of both sides does not take the other's certificate.
class certificate_error : public stream_error {
 public:
  using stream_error::stream_error;
};

/// One end of a connection. Reads and writes never block; both sides of a TLS
/// connection must show a certificate of the same authority.
///
/// Threads: one at a time.
class stream {
 public:
  enum class side { connects, accepts };

  /// Takes the socket over. Errors name the other end as `other` does.
  stream(int socket, const tls_context& tls, side here, std::string other = {});
  void name_other_end(std::string other) { other_ = std::move(other); }
  ~stream();
  stream(const stream&) = delete;
  stream& operator=(const stream&) = delete;

  /// True once TLS speaks in both directions, at once without TLS. Reads and
  /// writes do as much by the way. Of TLS 1.3's two sides the one that connects
  /// is through first: it learns by reading when its certificate is refused.
  /// Throws stream_error.
  bool shake_hands();

  /// Bytes moved; 0 when none can be now. Throw stream_error.
  std::size_t read_some(void* into, std::size_t n);
  std::size_t write_some(const void* from, std::size_t n);

  /// For what() of whoever finds that the other end does not speak as it
  /// should.
  stream_error error(const std::string& why) const;

  /// The other end reads to the end of what was sent, and no further.
  void hang_up() noexcept;

  /// Nothing more is sent; what the other end sends still comes.
  void end_sending() noexcept;

  /// Gives up the socket, which must be one without TLS.
  int release() noexcept;

  int socket() const noexcept { return socket_; }

  /// What poll() must wait for before these may go on.
  short events(bool to_read, bool to_write) const noexcept;

  /// Waits until one of these may go on, the bell is rung, or for `longest`.
  /// Looks on for `awake` before it sleeps, letting others run in between: a
  /// processor that has gone to sleep takes longer to wake than a neighbour to
  /// answer.
  struct interest {
    const stream* who = nullptr;
    bool to_read = false;
    bool to_write = false;
  };
  static void wait(std::span<const interest> all,
                   std::chrono::milliseconds longest,
                   std::chrono::microseconds awake = moment,
                   const wake_up* bell = nullptr);

  /// For those who expect something: some round trips of a fast network.
  static constexpr std::chrono::microseconds moment{50};

 private:
  std::size_t failed(int result, bool& wants_other_way, bool is_read);
  stream_error tls_failure(int why) const;

  int socket_;
  std::string other_;
  std::unique_ptr<ssl_st, void (*)(ssl_st*)> tls_;
  bool read_wants_write_ = false;
  bool write_wants_read_ = false;
};

/// A connection to where somebody listens, as a socket. Throws peer_error after
/// the deadline.
int connect_socket(const node_address& to, std::chrono::milliseconds deadline);

/// Sends at once, and notices within seconds when the other machine is gone,
/// also while there is nothing to send.
void tune_socket(int socket);

/// A listening socket, and its port. Throws std::system_error.
struct listening_socket {
  int socket = -1;
  std::uint16_t port = 0;
};
listening_socket listen_on(const node_address& at);

/// Both ends in this process.
std::pair<int, int> socket_pair();

}  // namespace sounder::actors

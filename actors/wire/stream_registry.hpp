#pragma once

// Which stream is whose: a node's listening socket for parameters, and the
// connections that a run's links ask for.

#include <atomic>
#include <cstdint>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <utility>

#include "actors/wire/acceptor.hpp"
#include "actors/wire/handshake.hpp"
#include "actors/wire/signal.hpp"
#include "actors/wire/stream.hpp"

namespace sounder::actors {

/// One end of a stream that may still have to come.
///
/// Threads: one uses the stream, any may wait for it.
class pending_stream {
 public:
  /// `other` is the other end's name, for people.
  explicit pending_stream(std::string other = {}) : other_(std::move(other)) {}

  const std::string& other() const noexcept { return other_; }
  /// Null until both ends are joined.
  stream* get() const noexcept { return joined_.load(); }
  void join(std::unique_ptr<stream> made);

  signal changed;

 private:
  std::string other_;
  std::unique_ptr<stream> stream_;
  std::atomic<stream*> joined_{nullptr};
};

/// Threads: one, besides that which takes connections in.
class stream_registry {
 public:
  stream_registry(const tls_files& tls, const run_secret& secret);

  /// From now on others may connect. Returns the port.
  /// Throws std::system_error.
  std::uint16_t listen(const node_address& at);

  /// The end of a stream that somebody else connects, `other`.
  std::shared_ptr<pending_stream> expect(stream_key key, std::string other);

  /// Connects, to where the other end is expected. Throws peer_error.
  std::shared_ptr<pending_stream> connect(stream_key key,
                                          const node_address& to,
                                          std::string other,
                                          std::chrono::milliseconds deadline);

  /// An end of a stream within this process: the first call gets one, the
  /// second the other.
  std::shared_ptr<pending_stream> here(stream_key key);

 private:
  bool expects(const greeting& hello);
  void join(stream_key key, std::unique_ptr<stream> made);

  tls_context tls_;
  run_secret secret_;
  std::mutex mutex_;
  std::map<stream_key, std::shared_ptr<pending_stream>> expected_;
  std::map<stream_key, std::shared_ptr<pending_stream>> other_ends_;
  std::unique_ptr<acceptor> acceptor_;  // ends before what it looks at
};

}  // namespace sounder::actors

#pragma once

// Actor systems that talk to other nodes: what CAF must be told, and how to
// listen and to connect, with TLS or without.

#include <chrono>
#include <cstdint>
#include <memory>
#include <stop_token>
#include <string>

#include <caf/all.hpp>

#include "actors/messages.hpp"
#include "actors/wire/address.hpp"
#include "actors/wire/peer_error.hpp"
#include "actors/wire/tls_files.hpp"

namespace sounder::actors {

class acceptor;
class relay;
class tls_context;

/// What an actor system is made of, and what its connections need besides CAF:
/// certificates, and who carries what TLS has protected. It outlives the
/// system, so that the system's last words are sent.
class network_config : public caf::actor_system_config {
 public:
  network_config();
  ~network_config() override;

  const tls_context& certificates() const noexcept { return *certificates_; }
  /// Null without TLS.
  relay* carrier() const noexcept { return carrier_.get(); }

 private:
  friend void configure_network(network_config& config, const tls_files& tls);

  std::unique_ptr<tls_context> certificates_;
  std::unique_ptr<relay> carrier_;
};

/// Message types, network and heartbeat (1 s; a peer that is
/// silent for peer_deadline is gone).
/// Throws as tls_context does.
void configure_network(network_config& config, const tls_files& tls);

/// Listens until the acceptor is gone, which has to be before the system. The
/// port is another for port 0. The system's configuration must be a
/// network_config.
/// Throws std::system_error that names the address.
std::unique_ptr<acceptor> listen(caf::actor_system& system,
                                 const node_actor& what,
                                 const node_address& at);

/// A node of our protocol number, as its side of the handshake says. Tries
/// until `deadline` has passed: a node may be started later. Nobody when it was
/// interrupted. The system's configuration must be a network_config.
/// Throws peer_error; at once when waiting would not help.
node_actor connect(caf::actor_system& system, const node_address& to,
                   std::chrono::milliseconds deadline,
                   const std::stop_token& interrupt = {});

}  // namespace sounder::actors

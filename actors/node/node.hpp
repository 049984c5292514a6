#pragma once

// A process that waits for work: takes a part of a run, steps its replicas,
// and is free again.

#include <chrono>
#include <functional>
#include <optional>
#include <stop_token>
#include <string>

#include "actors/node/deployment.hpp"
#include "actors/node/network.hpp"

namespace sounder::actors {

struct node_options {
  node_address listen = {"127.0.0.1", 0};
  /// Where parameters come in, at the same host; 0: any port.
  std::uint16_t wire_port = 0;
  tls_files tls;

  // The three that open and make run one after the other in a thread of their
  // own: the node goes on to answer.

  /// The training samples that a plan's data_source means, as this node has
  /// them; nothing when it has none: then the leader sends them. They must be
  /// the same samples as the leader's, and the node takes its rows of them.
  std::function<std::optional<kernels::dataset>(const std::string& source)>
      open_data;

  /// Samples that this node alone has, read as the plan's part_source says.
  /// Where it is given, the node's replicas share these and open_data is not
  /// asked.
  std::function<kernels::dataset(const std::string& source)> open_part;

  /// Objectives and exchange rules beyond the library's.
  objective_factory make_objective;
  std::map<std::string, std::shared_ptr<const kernels::exchange_rule>>
      exchanges;

  /// Called when the node listens, with the address.
  std::function<void(const node_address& at)> ready;
  /// Called with a line for people when work comes and goes.
  std::function<void(const std::string& line)> say;

  /// Ends the node at once.
  std::stop_token stop;
  /// Ends it once no run is at work, and after node_grace at the latest: who
  /// signals a whole group wants the leader's model, and the leader has to
  /// collect it.
  std::stop_token leave;
};

constexpr std::chrono::milliseconds node_grace{1000};

/// Serves until stopped. Blocks.
/// Throws std::system_error when it cannot listen.
void serve(const node_options& options);

/// What runs at a node, as JSON. Throws peer_error.
std::string status_of(const node_address& at, const tls_files& tls,
                      std::chrono::milliseconds deadline);

}  // namespace sounder::actors

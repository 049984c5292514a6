#pragma once

// One run's part at a node.

#include <map>
#include <memory>
#include <optional>
#include <stop_token>
#include <string>
#include <vector>

#include <caf/all.hpp>

#include "actors/messages.hpp"
#include "actors/node/deployment.hpp"
#include "actors/node/graph_builder.hpp"
#include "actors/node/node.hpp"
#include "actors/replica/peer_failure.hpp"

namespace sounder::actors {

/// Shared by the node and what is offloaded for it. Who lets it go last ends
/// the threads of its streams.
struct node_session {
  node_session() = default;
  node_session(const node_session&) = delete;
  node_session& operator=(const node_session&) = delete;
  ~node_session();

  // Set once.
  leader_actor leader;
  std::shared_ptr<std::stop_source> stop = std::make_shared<std::stop_source>();
  std::shared_ptr<peer_failure> failure = std::make_shared<peer_failure>();

  // Only what is offloaded, one thing after the other.
  deployment part;
  parameters start;
  std::optional<kernels::dataset> own;  // opened here
  plan_ptr plan;                        // once it is complete
  timetable times;
  std::map<std::size_t, kernels::dataset> sent;  // shards, by replica
  std::vector<char> incoming;
  std::unique_ptr<graph_builder> wiring;
  opened_ports ports;

  // Only the node.
  std::vector<std::shared_ptr<link_meter>> meters;
  std::vector<wired_replica> replicas;
  replica_list actors;
  std::map<std::string, token_actor> tokens;  // by a ring's first member
  std::vector<caf::actor> servants;           // the threads of its streams
};

/// What a token's actor has said.
struct token_status {
  std::string ring;  // its first member
  std::string holder;
  std::uint64_t passes = 0;
};

/// A session's ways to the other nodes.
struct connected_session {
  wired_graph wired;
  std::vector<caf::actor> threads;  // of the streams
};

/// The samples that the node has itself. Throws std::invalid_argument when they
/// are not the leader's, or do not fit them; what the options' functions throw.
/// Blocks.
samples_held open_own_data(node_session& run, const node_options& options);

/// Makes the replicas of the timetable, and opens a port for the others.
/// Blocks. Throws std::exception of some kind.
opened_ports open_ports(caf::actor_system& system, node_session& run,
                        const node_options& options,
                        const std::vector<char>& timetable_bytes);

/// Connects to the other nodes and makes all meetings. Blocks. Throws
/// peer_error when one cannot be reached.
connected_session connect_others(node_session& run, const opened_ports& others);

/// For who asks, as JSON: what the links of a run have seen, and what runs.
/// Null is no run.
std::string links_text(const node_session* run);
std::string status_text(const node_address& listens, const node_session* run,
                        const std::vector<token_status>& tokens);

}  // namespace sounder::actors

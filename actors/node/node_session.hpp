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

struct session {
  leader_actor leader;
  deployment part;
  std::shared_ptr<std::stop_source> stop = std::make_shared<std::stop_source>();
  parameters start;
  std::optional<kernels::dataset> own;  // opened here
  plan_ptr plan;                        // once it is complete
  timetable times;
  std::map<std::size_t, kernels::dataset> sent;  // shards, by replica
  std::vector<char> incoming;
  std::unique_ptr<graph_builder> wiring;
  std::vector<std::shared_ptr<link_meter>> meters;
  std::vector<wired_replica> replicas;
  replica_list actors;
  opened_doors doors;
  std::map<std::string, node_actor> peers;  // for letters; by address
  std::shared_ptr<peer_failure> lost = std::make_shared<peer_failure>();
};

/// The samples that the node has itself. Throws std::invalid_argument when they
/// are not the leader's, or do not fit them; what the options' functions throw.
samples_held open_own_data(session& run, const node_options& options);

/// Gives the replicas' setups what only this process has. Throws
/// std::invalid_argument.
void complete_setups(session& run, const node_options& options);

}  // namespace sounder::actors

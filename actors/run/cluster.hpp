#pragma once

// The nodes of a run, as its leader sees them.

#include <chrono>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include <caf/all.hpp>

#include "actors/messages.hpp"
#include "actors/node/deployment.hpp"
#include "actors/node/network.hpp"
#include "actors/plan/training_plan.hpp"

namespace sounder::actors {

/// A node at work for this run.
struct member_node {
  std::string place;
  node_address address;
  node_actor actor;
  samples_held samples;
};

/// The nodes of a run, and what serves them here.
struct cluster {
  std::vector<member_node> nodes;
  std::vector<caf::actor> helpers;
  leader_actor leader;  // whom the nodes watch
};

/// A plan's replicas on all places, ready to walk.
struct deployed_graph {
  wired_graph here;
  replica_list elsewhere;               // on the nodes
  std::map<std::size_t, run_cut> cuts;  // of those replicas
  data_shape shape;                     // of what an epoch walks
  std::vector<own_part> parts;          // of it, those that only nodes have
  double start_loss = 0.0;              // of the initial parameters
  actors::cluster cluster;
};

/// Thrown by deploy() when plan.interrupt comes.
struct deploy_interrupted {};

/// Deploys the plan: connects to its nodes, gives each its part and, where it
/// has none, its samples, and wires all up. Replicas on a node that has samples
/// of its own share those; `data` is partition to the others. Releases all
/// nodes again when one of them fails.
///
/// Throws peer_error that names the node; deploy_interrupted, also when a node
/// is lost to an interrupt that comes here a moment later;
/// std::invalid_argument when two addresses are of one node. Every wait ends by
/// plan.connect_deadline.
deployed_graph deploy(caf::actor_system& system, const plan_ptr& plan,
                      const kernels::dataset& data);

/// What the links of the nodes have seen. Throws peer_error.
std::vector<link_record> links_of(caf::actor_system& system,
                                  const std::vector<member_node>& nodes,
                                  std::chrono::milliseconds deadline);

/// Lets the nodes go, and ends the helpers. Takes a second at most.
void release(caf::actor_system& system, const cluster& done);

}  // namespace sounder::actors

#pragma once

#include <memory>

#include "actors/messages.hpp"
#include "actors/node/node.hpp"
#include "actors/node/node_session.hpp"

namespace sounder::actors {

struct node_state {
  const char* name = "node";
  node_options options;  // set once, but for the port
  offload_actor offloaded;
  std::shared_ptr<node_session> run;  // shared with what is offloaded for it
  bool is_leaving = false;            // when no run is at work
};

/// Serves one leader at a time, and answers anybody who asks for its status.
///
///              deploy              samples.., open, connect
///   waiting ------------> deployed -------------------------> training
///      ^                     |                                   |
///      +---------------------+-----------------------------------+
///         release; the leader is gone; something failed
///
/// What ends or alters a run is heard from the process of its leader alone,
/// what ends the node from its own. Cooperative: what may block is offloaded.
whole_node::behavior_type node(whole_node::stateful_pointer<node_state> self,
                               node_options options);

}  // namespace sounder::actors

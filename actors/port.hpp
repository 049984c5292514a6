#pragma once

#include <deque>
#include <memory>
#include <optional>
#include <vector>

#include <caf/all.hpp>

#include "actors/endpoint.hpp"
#include "actors/messages.hpp"
#include "actors/packet.hpp"
#include "kernels/exchange/exchange_rule.hpp"
#include "topology/discipline.hpp"

namespace sounder::actors {

/// What a port serves: one link that begins on another node.
struct port_setup {
  std::shared_ptr<const kernels::exchange_rule> rule;
  std::shared_ptr<endpoint> far;
  topology::discipline discipline;
  std::size_t rank = 0;
  bool hold_far = false;  // a hub, from the first packet to the last
  bool is_face = false;   // held for each packet: its replica goes on
};

/// A port's state.
struct port_state {
  const char* name = "port";

  port_setup setup;  // set once
  caf::actor courier;
  std::deque<packet> waiting;  // for the discipline to let them in
  bool entered = false;
  std::vector<float> payload;            // of a barrier
  std::optional<std::uint64_t> barrier;  // opened before this one
  packet last;                           // that came to it
  std::uint64_t ticks = 0;               // bounded: own clock
};

/// The far end of one link from another node: lets meetings in as the
/// discipline says, serves them packet by packet.
///
///   away --first packet, let in--> serving --last packet--> away
///   barrier: away -> gathering -> waiting for the others -> answering -> away
///
/// Packets that may not enter yet wait here; the endpoint's signal wakes them.
caf::behavior port(caf::stateful_actor<port_state>* self, port_setup setup);

}  // namespace sounder::actors

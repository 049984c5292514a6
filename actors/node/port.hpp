#pragma once

#include <memory>

#include <caf/all.hpp>

#include "actors/sync/codec.hpp"
#include "actors/sync/target.hpp"
#include "actors/wire/stream_registry.hpp"
#include "kernels/exchange/exchange_rule.hpp"

namespace sounder::actors {

/// What a port serves: one link that begins on another node.
struct port_setup {
  std::shared_ptr<const kernels::exchange_rule> rule;
  std::shared_ptr<target> far;
  std::shared_ptr<pending_stream> wire;
  std::size_t rank = 0;
  bool hold_far = false;      // a hub, from the first packet to the last
  bool is_published = false;  // held for each packet: its replica goes on
  actors::codec codec;
  std::shared_ptr<const void> owner;  // of the target's memory
};

/// The far end of one link from another node, in a thread of its own (spawn
/// it detached): lets meetings in as the discipline says and serves them
/// packet by packet, until it is sent an exit message or the stream ends. What
/// a rule throws becomes its exit reason.
void port(caf::blocking_actor* self, port_setup setup);

}  // namespace sounder::actors

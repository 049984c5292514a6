#pragma once

// Letters and tokens between nodes.

#include <map>
#include <memory>
#include <tuple>
#include <vector>

#include <caf/all.hpp>

#include "actors/node/letter_part.hpp"
#include "actors/sync/codec.hpp"
#include "actors/sync/gossip_meeting.hpp"
#include "actors/sync/token_ring.hpp"

namespace sounder::actors {

/// What comes in at a node's door: its replicas' inboxes, by replica and box,
/// and its token rings.
struct door_setup {
  std::map<std::pair<std::uint32_t, box>, std::shared_ptr<inbox>> boxes;
  std::vector<std::shared_ptr<token_ring>> rings;
  std::size_t size = 0;  // floats that a letter may have
  /// Of letters that come compressed, by recipient, sender and box.
  std::map<std::tuple<std::uint32_t, std::uint32_t, box>, codec> codecs;
};

struct door_state {
  const char* name = "door";
  door_setup setup;  // set once
  /// Letters of which parts are missing, by recipient, sender, box and round.
  std::map<std::tuple<std::uint32_t, std::uint32_t, box, std::uint64_t>,
           std::vector<float>>
      incomplete;
};

/// Puts letters together and into their boxes, answering each with the number
/// of its round; lets tokens in, and sends them on where their member rests.
caf::behavior door(caf::stateful_actor<door_state>* self, door_setup setup);

/// The box of a replica on another node. Letters that may be added up are,
/// until the one before has arrived, so that mail for a slow reader does not
/// pile up here either. `codec` is that of one sender.
std::shared_ptr<mailbox_of> mailbox_elsewhere(caf::actor_system& system,
                                              caf::actor door,
                                              std::uint32_t replica, box kind,
                                              std::shared_ptr<link_meter> meter,
                                              codec codec);

}  // namespace sounder::actors

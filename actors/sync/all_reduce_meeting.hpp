#pragma once

// Synchronous groups: all-reduce.

#include <atomic>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "actors/sync/gossip_meeting.hpp"
#include "actors/sync/meeting.hpp"
#include "actors/wire/stream_registry.hpp"
#include "kernels/exchange/all_reduce.hpp"

namespace sounder::actors {

/// What the members of a group in one process share.
///
/// Every member reduces its segment from everybody's vector (parameters, or a
/// gradient and its step size), then takes the
/// others' segments over: two barriers a round, no copies but these, and one of
/// a replica that others meet, too: nobody keeps a published copy while he
/// waits.
struct reduce_group {
  reduce_group(kernels::reduce_groups groups, std::size_t members,
               std::size_t size);

  kernels::reduce_groups groups;
  std::vector<const float*> vectors;      // by rank, of this round
  std::vector<float> result[2];           // of odd and even rounds
  std::atomic<std::uint64_t> came{0};     // members, all rounds
  std::atomic<std::uint64_t> reduced{0};  // likewise
  std::vector<float> pushed[2];           // of one_of_group
  std::atomic<std::uint64_t> pushes{0};
  signal changed;
};

/// w = mean of the members' w, or of their gradients where they stand before
/// the optimizer, to the same bits at every member. All members are in this
/// process.
std::unique_ptr<meeting> reduce_together(std::shared_ptr<reduce_group> group,
                                         std::size_t rank,
                                         std::shared_ptr<link_meter> meter);

/// A member's streams in an all-reduce between nodes.
struct reduce_ways {
  std::size_t members = 1;   // in all
  std::size_t leaders = 1;   // on the ring
  std::size_t position = 0;  // on the ring; a member's: its leader's
  std::shared_ptr<pending_stream> previous;  // leader, if others: on the ring
  std::shared_ptr<pending_stream> next;
  std::vector<std::shared_ptr<pending_stream>> group;  // leader: to its members
  std::shared_ptr<pending_stream> leader;              // member: to its leader
};

/// The same between nodes: members send their vectors to their leaders, which
/// reduce-scatter and all-gather along their ring and send the mean back.
/// What comes in goes on as it comes, without waiting for its end.
///
/// Bytes: 2 (L - 1) / L |w| from each of L leaders to the next; |w| from each
/// member and back. Cost besides: one pass over |w|.
std::unique_ptr<meeting> reduce_by_wire(reduce_ways ways,
                                        std::shared_ptr<link_meter> meter);

}  // namespace sounder::actors

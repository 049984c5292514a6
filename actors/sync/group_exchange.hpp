#pragma once

// What the members of a synchronous group do with each other's vectors, in
// memory where all of them are in one process, over streams where not.

#include <array>
#include <atomic>
#include <cstdint>
#include <memory>
#include <span>
#include <utility>
#include <vector>

#include "actors/sync/rules.hpp"
#include "actors/wire/signal.hpp"
#include "actors/wire/stream_registry.hpp"
#include "kernels/exchange/all_reduce.hpp"

namespace sounder::actors {

/// A member's part. Every member calls the same in the same order, with the
/// same vector until it says that this one is over.
///
/// Threads: one at a time for each member.
class group_exchange {
 public:
  group_exchange(std::size_t own_rank, std::size_t all)
      : rank(own_rank), members(all) {}
  virtual ~group_exchange() = default;

  /// The mean of all members' `w`, to the same bits at each; null until it is
  /// there. It may be in the place of w. Never blocks; throws stream_error.
  virtual const float* reduce(std::span<float> w) = 0;

  /// Likewise the `w` of one member.
  virtual const float* hand_on(std::span<float> w, std::size_t from) = 0;

  /// Blocks for some milliseconds at most, until these may get on.
  virtual void wait() = 0;

  /// That went over to others since it was last asked.
  std::uint64_t take_bytes() noexcept { return std::exchange(bytes_, 0); }

  const std::size_t rank;
  const std::size_t members;

 protected:
  std::uint64_t bytes_ = 0;
};

/// What the members of a group in one process share.
///
/// Every member reduces its segment from everybody's vector, then takes the
/// others' segments over: two barriers a round, no copies but these.
struct group_memory {
  group_memory(kernels::reduce_groups of, std::size_t members,
               std::size_t size);

  kernels::reduce_groups groups;
  std::vector<const float*> vectors;         // by rank, of this round
  std::array<std::vector<float>, 2> result;  // of even and odd rounds
  std::atomic<std::uint64_t> came{0};        // members, all rounds
  std::atomic<std::uint64_t> reduced{0};     // likewise
  signal changed;
};
std::shared_ptr<group_exchange> exchange_in_memory(
    std::shared_ptr<group_memory> shared, std::size_t rank);

/// A member's streams in a group that is spread over nodes.
struct group_streams {
  std::shared_ptr<pending_stream> previous;  // leader, if others: on the ring
  std::shared_ptr<pending_stream> next;
  std::vector<std::shared_ptr<pending_stream>> group;  // leader: to its members
  std::shared_ptr<pending_stream> leader;              // member: to its leader
};

/// The same between nodes: members send their vectors to their leaders, which
/// reduce-scatter and all-gather along their ring and send the mean back.
/// What comes in goes on as it comes, without waiting for its end.
///
/// Bytes: to reduce 2 (L - 1) / L |w| from each of L leaders to the next, |w|
/// from each member and back; to hand on |w| to each but one. Cost besides: one
/// pass over |w|. `places` by rank.
std::shared_ptr<group_exchange> exchange_by_wire(
    group_streams ways, std::vector<group_place> places, std::size_t leaders,
    std::size_t rank);

}  // namespace sounder::actors

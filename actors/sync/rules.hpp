#pragma once

// What the graph says in values, as kernels.

#include <cstddef>
#include <memory>
#include <vector>

#include "actors/plan/training_plan.hpp"
#include "kernels/exchange/all_reduce.hpp"
#include "kernels/exchange/compress.hpp"
#include "kernels/exchange/exchange_rule.hpp"

namespace sounder::actors {

/// The rule of a link between two ends (not gossip, not all-reduce) that meet
/// every `tau` local steps, said by the graph or found by the run, and perhaps
/// before the optimizer (meeting_times).
std::shared_ptr<const kernels::exchange_rule> make_rule(
    const training_plan& plan, std::size_t link, std::size_t tau,
    bool before_optimizer);

/// What goes over a link between two ends in answer to an ask, or to a pull.
kernels::payload answers_of(const kernels::exchange_rule& rule,
                            const topology::link& link) noexcept;

/// Whether payloads of a served link can go without what the other end knows
/// (exceptions.hpp), where steps move few parameters: those that come down are
/// known to both ends. Not where both ends are pulled: all parameters of either
/// move, by a share of a difference that the other end does not know.
bool leaves_known(const kernels::exchange_rule& rule,
                  const topology::link& link) noexcept;

/// How the link's payloads are compressed.
kernels::compression packing_of(const topology::link& link) noexcept;

/// The replicas of the token ring that `start` is on, from it on.
std::vector<std::size_t> token_cycle(const topology::graph& wiring,
                                     std::size_t start);

/// Replicas that all_reduce links join: by rank, and the ranks in groups, each
/// with its leader first; a plain ring is one group without a leader.
struct reduce_members {
  std::vector<std::size_t> replicas;
  kernels::reduce_groups groups;
  bool has_leader = false;
};
std::vector<reduce_members> find_reduce_groups(const topology::graph& wiring);

/// Of an all-reduce between nodes: the leaders in the order of their ring, one
/// of each group, or everybody where nobody leads.
std::vector<std::size_t> ring_of(const reduce_members& all);

/// Where a rank stands: on the ring, or with the leader there.
struct group_place {
  std::size_t position = 0;
  std::size_t member = 0;  // 0 the leader, k its k-th member
};
std::vector<group_place> places_of(const reduce_members& all);

/// Who sends to whom: each on the ring to the next, members to their leaders.
std::vector<std::pair<std::size_t, std::size_t>> ways_of(
    const reduce_members& all);

}  // namespace sounder::actors

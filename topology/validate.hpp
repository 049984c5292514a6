#pragma once

// What keeps a graph from running, all of it at once, in plain words: each
// problem is a sentence that names replicas and says what to do.
//
// Replicas   names are there and differ; 1 to 1,024 workers, or none and links
//            that end there (a hub)
// Links      join two replicas that exist, once; no link begins at a hub;
//            together they join all replicas
// Numbers    each field in its range (traits.hpp): tau >= 1, alpha in (0, 1);
// the
//            weights of a replica 1 in sum at most, given for all neighbours or
//            none; a fraction of top-k in (0, 0.5); momentum in [0, 1); with a
//            barrier the alphas at a hub add up to 1 at most, for the hub moves
//            to (1 - N alpha) c + N alpha mean(w)
// Pairs      the discipline can carry the exchange (goes_together); gradients
//            and outer steps go to hubs, gossip and all-reduce do not; links
//            at one hub agree on its momentum; the link's payloads can be
//            compressed as it says (refusal); age is of updates one by one
// Meetings   on-token links form directed cycles; in-turn links end in a hub,
//            which has their order; barriers of one group and turns at one
//            hub agree on tau, and so do broadcast-delta, push-sum and
//            random-neighbour links of neighbours; all-reduce links form a
//            ring, or groups with a ring of leaders; push-sum gets from each
//            replica to each other, by one discipline; all members of a group
//            push for it, in the same way
// Hubs       where one waits for others (discipline_traits::awaits) all meet by
//            it, with the same numbers; those that are served at once do one
//            exchange; a hub is locked for all or for none, and not only read
// Parts      hubs alone hold parts of the parameters; who meets one of a hub's
//            parts meets each once, in the same way, and not for a group
// Waits      nobody can wait for a replica that waits for him: any two groups
//            in which replicas wait for each other (at a barrier, a hub, a ring
//            of tokens) share at most one, and groups form no cycle either

#include <span>
#include <string>
#include <vector>

#include "topology/graph.hpp"

namespace sounder::topology {

/// A sentence about each place that replicas live on and that is not among the
/// known ones. The empty place is always known. What validate(wiring) cannot
/// say: a graph does not know the nodes.
std::vector<std::string> unknown_places(const graph& wiring,
                                        std::span<const std::string> known);

/// Whether the discipline can carry the payload of the exchange, which says so
/// itself (exchange_traits::goes_with).
bool goes_together(const exchange& rule, const discipline& when) noexcept;

}  // namespace sounder::topology

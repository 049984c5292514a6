#pragma once

// Graphs made of replicas and edges, and of other graphs. All functions take
// values and return a new one. Links may name missing replicas; validate says
// so, nothing here does. Of two graphs' optimizers that of the first stays if
// it has one.

#include <cstddef>
#include <optional>
#include <vector>

#include "topology/graph.hpp"
#include "topology/shapes.hpp"

namespace sounder::topology {

/// The replicas, joined along the edges, with one exchange and one discipline
/// for all of them.
graph wire(std::vector<replica> replicas, const edges& pairs,
           const exchange& rule, const discipline& when);

/// Both graphs side by side, not joined: replica i of `b` becomes replica
/// a.replicas.size() + i. A replica of `b` whose name is taken gets a number
/// behind it: "hub" becomes "hub-2".
graph join(graph a, const graph& b);

/// The graph with one more link, from replica `from` to replica `to`.
graph bridge(graph wiring, std::size_t from, std::size_t to,
             const exchange& rule, const discipline& when);

/// Puts `inner` where replica `place` of `outer` was: links of that replica
/// are now links of replica `entry` of `inner`: without one of the first that
/// steps, or where a hub was of the first hub; of replica 0 when there is no
/// such. The replicas of `inner` take the numbers from `place` on, are called
/// "<name of the replica>/<their name>" and live where the replica lived unless
/// they say where.
/// Errors: std::out_of_range when there is no such place or entry.
graph nest(const graph& outer, std::size_t place, const graph& inner,
           std::optional<std::size_t> entry = std::nullopt);

}  // namespace sounder::topology

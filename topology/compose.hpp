#pragma once

// Graphs made of replicas and edges, and of other graphs.

#include <cstddef>
#include <vector>

#include "topology/graph.hpp"
#include "topology/shapes.hpp"

namespace sounder::topology {

/// The replicas, joined along the edges, with one exchange and one discipline
/// for all of them. Edges may name missing replicas; validate says so.
graph wire(std::vector<replica> replicas, const edges& pairs,
           const exchange& rule, const discipline& when);

}  // namespace sounder::topology

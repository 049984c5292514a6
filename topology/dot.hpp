#pragma once

#include <string>

#include "topology/graph.hpp"

namespace sounder::topology {

/// The graph in Graphviz' language: hubs are boxes, places are clusters, a
/// link has an arrow at its `to` unless both ends do the same. Links say what
/// they exchange, and when, where they are not all alike; else the title does.
std::string dot(const graph& wiring);

}  // namespace sounder::topology

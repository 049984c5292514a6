#pragma once

#include <string>

#include "topology/graph.hpp"

namespace sounder::topology {

/// A picture of the graph for a terminal, UTF-8. Links of one exchange and
/// discipline make a picture of their own: a tree where all end at one
/// replica, a chain where they follow each other, else a matrix (up to 32
/// replicas) or lists of neighbours. Long ones are cut short and say so.
/// Links must join existing replicas.
std::string draw(const graph& wiring);

}  // namespace sounder::topology

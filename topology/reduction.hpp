#pragma once

// What a set of all-reduce links stands for: a ring of leaders, and members
// that take part through their leader.

#include <cstddef>
#include <vector>

#include "topology/graph.hpp"
#include "topology/shapes.hpp"

namespace sounder::topology {

struct reduction {
  std::vector<std::size_t> links;    // of the graph
  std::vector<std::size_t> leaders;  // in the order of the ring, lowest first
  edges members;                     // member -> its leader

  /// Whether one leader, two that one link joins, or a ring of leaders is all
  /// that remains without the members.
  bool is_sound = false;
};

/// One for each set of replicas that all-reduce links connect. A replica is a
/// member when its only such link begins there; its leader is the other end.
/// Links must join existing replicas. A ring is all leaders and no members;
/// of two replicas the one that the link begins at is the member.
std::vector<reduction> reductions(const graph& wiring);

}  // namespace sounder::topology

#pragma once

// Parts of a graph: what is connected with what, and how far apart. Functions
// here expect links that join existing replicas.

#include <cstddef>
#include <optional>
#include <vector>

#include "topology/graph.hpp"
#include "topology/shapes.hpp"

namespace sounder::topology {

/// Joined replicas, each pair once, whatever the direction and the number of
/// their links.
edges pairs_of(const graph& wiring);

/// The ways that news takes: both ways along a link, but with the link only
/// where it passes a token or shares (token-merge, push-sum).
edges ways_of(const graph& wiring);

/// Neighbours of each of n nodes. Each pair counts for both its ends.
std::vector<std::size_t> degrees(std::size_t n, const edges& pairs);

/// The longest of the shortest ways from one of n nodes to another, along the
/// edges; nothing when some have none.
/// Cost: O(n (n + ways)).
std::optional<std::size_t> diameter(std::size_t n, const edges& ways);

/// Sets of nodes that grow together.
class partition {
 public:
  explicit partition(std::size_t nodes);
  std::size_t root(std::size_t node);
  /// Whether they were apart.
  bool unite(std::size_t a, std::size_t b);

 private:
  std::vector<std::size_t> parent_;
};

/// The links that `belongs` picks, in sets that a path of such links connects.
template <class Predicate>
std::vector<std::vector<std::size_t>> components(const graph& wiring,
                                                 Predicate belongs) {
  partition parts(wiring.replicas.size());
  for (const link& l : wiring.links) {
    if (belongs(l)) {
      parts.unite(l.from, l.to);
    }
  }
  std::vector<std::vector<std::size_t>> sets(wiring.replicas.size());
  for (std::size_t i = 0; i < wiring.links.size(); ++i) {
    if (belongs(wiring.links[i])) {
      sets[parts.root(wiring.links[i].from)].push_back(i);
    }
  }
  std::erase_if(sets, [](const auto& set) { return set.empty(); });
  return sets;
}

/// The replicas that the links touch, in ascending order.
std::vector<std::size_t> touched(const graph& wiring,
                                 const std::vector<std::size_t>& links);

}  // namespace sounder::topology

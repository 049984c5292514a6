#pragma once

// Graphs as pure edge lists: who is joined with whom, before anything is said
// about what they exchange. Nodes are numbered from 0. Undirected shapes hold
// each pair once; no shape joins a node with itself. A ring of one node has
// no edge, an undirected ring of two has one.

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace sounder::topology {

struct edge {
  std::size_t from = 0;
  std::size_t to = 0;

  friend bool operator==(const edge&, const edge&) = default;
};

using edges = std::vector<edge>;

namespace shapes {

/// Nodes 1 to leaves, each joined with node 0: i -> 0.
edges star(std::size_t leaves);

/// i -> i + 1 mod n, each pair once.
edges ring(std::size_t n);

/// i -> i + 1 mod n as a directed cycle: two nodes are joined both ways.
edges directed_ring(std::size_t n);

/// Every pair once.
edges clique(std::size_t n);

/// Members i * size, i * size + 1, ... make group i; the first leads it and
/// the others point to it. Groups are not joined. The last may be smaller.
/// Size 0 counts as 1.
edges groups(std::size_t n, std::size_t size);

/// The same groups, each a ring.
edges group_rings(std::size_t n, std::size_t size);

/// The same groups, their leaders in a ring.
edges two_level_groups(std::size_t n, std::size_t size);

/// Node r * columns + c is joined with its right and its lower neighbour,
/// around the edges; degree 4 from 3 x 3 up.
edges torus(std::size_t rows, std::size_t columns);

/// The torus of n nodes that is nearest to a square; a ring for prime n.
edges torus(std::size_t n);

/// i -> i + 1, i + 2, i + 4, ... mod n, below n: out-degree log2 n. Directed.
/// Assran, Loizou, Ballas, Rabbat, "Stochastic gradient push", ICML 2019.
edges directed_exponential(std::size_t n);

/// The same, each pair once.
edges exponential(std::size_t n);

/// 2^dimension nodes, joined where their numbers differ in one bit.
edges hypercube(unsigned dimension);

/// The undirected shape on n nodes that the name stands for: ring, clique,
/// torus, exponential or hypercube. Nothing for an unknown name.
/// Errors: std::invalid_argument when a hypercube cannot have n nodes.
std::optional<edges> by_name(std::string_view name, std::size_t n);

/// The names that by_name knows.
const std::vector<std::string>& names();

}  // namespace shapes

}  // namespace sounder::topology

#pragma once

// Mixing matrices: how much of each neighbour's parameters a replica takes.

#include <cstddef>
#include <vector>

#include <Eigen/Core>

#include "topology/graph.hpp"
#include "topology/shapes.hpp"

namespace sounder::topology {

/// The weight between two neighbours of degrees d and e: 1 / (1 + max(d, e)).
double metropolis_weight(std::size_t d, std::size_t e) noexcept;

/// W of an undirected graph whose edges have the weights:
///
///   W_ij = W_ji = weights[k] for edge k between i and j,
///   W_ii = 1 - sum_j W_ij
///
/// symmetric, rows and columns add up to 1.
/// Shapes:  edges join nodes below n, each pair once; the matrix is n x n.
Eigen::MatrixXd symmetric_weights(std::size_t n, const edges& pairs,
                                  const std::vector<double>& weights);

/// Metropolis weights of an undirected graph:
///
///   W_ij = 1 / (1 + max(d_i, d_j)) for neighbours,  W_ii = 1 - sum_j W_ij
///
/// symmetric, doubly stochastic and, on a connected graph, with one eigenvalue
/// 1 and all others in (-1, 1).
/// Source:  Xiao, Boyd, Kim, "Distributed average consensus with least-mean-
///          square deviation", JPDC 67(1), 2007, section 5.2.
/// Shapes:  edges join nodes below n, each pair once; the matrix is n x n.
/// Cost:    O(n^2 + edges).
Eigen::MatrixXd metropolis_weights(std::size_t n, const edges& pairs);

/// The neighbours that mix links give each replica.
/// Cost: O(links).
std::vector<std::size_t> mixing_degrees(const graph& wiring);

/// The weight W_ij of a mix link of a graph with these degrees: its own or,
/// where it has none, Metropolis'.
double mixing_weight(const link& neighbours,
                     const std::vector<std::size_t>& degrees) noexcept;

/// Shares of push-sum on a directed graph: each node gives the same to its
/// out-neighbours and to itself, P_ij = 1 / (1 + out-degree of j) for edges
/// j -> i and for i = j. Column-stochastic, so that sums stay what they are.
/// Source:  Assran, Loizou, Ballas, Rabbat, "Stochastic gradient push for
///          distributed deep learning", ICML 2019, section 3.
Eigen::MatrixXd push_sum_weights(std::size_t n, const edges& directed);

}  // namespace sounder::topology

#pragma once

// How well a mixing matrix mixes.

#include <Eigen/Core>

namespace sounder::topology {

/// 1 - |lambda_2|, lambda_2 the second largest eigenvalue in modulus of a
/// matrix whose rows or columns add up to 1. Differences between replicas
/// shrink by |lambda_2| with each averaging: 1 is consensus at once, 0 never.
/// 1 for one node.
/// Closed forms with Metropolis weights: clique 1; ring of n >= 4
/// (2 / 3) (1 - cos(2 pi / n)); hypercube of dimension d 2 / (d + 1).
/// Cost: O(n^3).
double spectral_gap(const Eigen::MatrixXd& weights);

/// How many replicas' gradients a replica gains from, between 1 (alone) and n
/// (all): the variance of a random walk without averaging over that with it,
/// x <- W (sqrt(gamma) x + noise), in the limit:
///
///   n_W(gamma) = (1 / (1 - gamma)) / (1/n sum_i l_i^2 / (1 - gamma l_i^2))
///
/// with l_i the eigenvalues of W. gamma near 1 is a small step size: old
/// gradients count for long, and distant replicas are heard in time. The gap
/// is the worst direction only; this is the mean over all.
/// Source: Vogels, Hendrikx, Jaggi, "Beyond spectral gap: the role of the
///         topology in decentralized learning", NeurIPS 2022, section 3.
/// Shapes: W symmetric and doubly stochastic; 0 <= gamma < 1.
/// Cost:   O(n^3).
double effective_neighbours(const Eigen::MatrixXd& weights, double gamma = 0.9);

}  // namespace sounder::topology

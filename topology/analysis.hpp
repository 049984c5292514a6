#pragma once

// The figures of a graph in one go.

#include <cstddef>
#include <optional>

#include "topology/graph.hpp"
#include "topology/traffic.hpp"

namespace sounder::topology {

struct analysis {
  std::size_t least_degree = 0;  // neighbours of a replica
  std::size_t most_degree = 0;
  /// The most meetings that news needs to get from one to another; nothing
  /// where it does not get to all.
  std::optional<std::size_t> diameter;

  /// Of the shares of push-sum or the weights of mix where all links are such,
  /// else of Metropolis weights; nothing above most_analysed replicas.
  std::optional<double> spectral_gap;
  /// With gamma 0.9 and symmetric weights only.
  std::optional<double> effective_neighbours;

  topology::traffic traffic;
};

/// A matrix of this size has its eigenvalues within seconds.
inline constexpr std::size_t most_analysed = 512;

/// Inputs: B, the size of the parameters in bytes, the tau for links that
///         leave it to the run, and sparse samples, as for traffic_of.
/// Errors: none; links must join existing replicas, see validate.
/// Cost:   O(n^3 + n links) up to most_analysed, O(n^2 + n links) above.
analysis analyse(const graph& wiring, double parameter_bytes,
                 std::size_t assumed_tau = 100,
                 const std::optional<sparse_samples>& samples = {});

}  // namespace sounder::topology

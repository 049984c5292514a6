#include "topology/analysis.hpp"

#include <algorithm>

#include "topology/spectrum.hpp"
#include "topology/structure.hpp"
#include "topology/weights.hpp"

namespace sounder::topology {

namespace {

bool is_push_sum(const graph& wiring) {
  return !wiring.links.empty() &&
         std::all_of(wiring.links.begin(), wiring.links.end(),
                     [](const link& l) {
                       return std::holds_alternative<push_sum>(l.exchange);
                     });
}

/// Those of the links if all have one, else Metropolis'.
Eigen::MatrixXd weights_of(const graph& wiring) {
  const std::size_t n = wiring.replicas.size();
  edges pairs;
  std::vector<double> weights;
  for (const link& l : wiring.links) {
    const auto* const rule = std::get_if<mix>(&l.exchange);
    if (rule == nullptr || !rule->weight) {
      return metropolis_weights(n, pairs_of(wiring));
    }
    pairs.push_back({l.from, l.to});
    weights.push_back(*rule->weight);
  }
  return symmetric_weights(n, pairs, weights);
}

}  // namespace

analysis analyse(const graph& wiring, double parameter_bytes,
                 std::size_t assumed_tau,
                 const std::optional<sparse_samples>& samples) {
  const std::size_t n = wiring.replicas.size();
  const edges pairs = pairs_of(wiring);
  analysis a;
  if (n > 0) {
    const std::vector<std::size_t> degree = degrees(n, pairs);
    const auto [least, most] =
        std::minmax_element(degree.begin(), degree.end());
    a.least_degree = *least;
    a.most_degree = *most;
  }
  a.diameter = diameter(n, ways_of(wiring));
  if (n > 0 && n <= most_analysed && is_push_sum(wiring)) {
    a.spectral_gap = spectral_gap(push_sum_weights(n, ways_of(wiring)));
  } else if (n > 0 && n <= most_analysed) {
    const Eigen::MatrixXd weights = weights_of(wiring);
    a.spectral_gap = spectral_gap(weights);
    a.effective_neighbours = effective_neighbours(weights);
  }
  a.traffic = traffic_of(wiring, parameter_bytes, assumed_tau, samples);
  return a;
}

}  // namespace sounder::topology

#include "topology/weights.hpp"

#include <algorithm>

#include "topology/structure.hpp"

namespace sounder::topology {

namespace {

Eigen::Index index(std::size_t i) { return static_cast<Eigen::Index>(i); }

}  // namespace

double metropolis_weight(std::size_t d, std::size_t e) noexcept {
  return 1.0 / (1.0 + static_cast<double>(std::max(d, e)));
}

Eigen::MatrixXd symmetric_weights(std::size_t n, const edges& pairs,
                                  const std::vector<double>& weights) {
  Eigen::MatrixXd w = Eigen::MatrixXd::Zero(index(n), index(n));
  for (std::size_t k = 0; k < pairs.size(); ++k) {
    w(index(pairs[k].from), index(pairs[k].to)) = weights[k];
    w(index(pairs[k].to), index(pairs[k].from)) = weights[k];
  }
  w.diagonal() = (1.0 - w.rowwise().sum().array()).matrix();
  return w;
}

Eigen::MatrixXd metropolis_weights(std::size_t n, const edges& pairs) {
  const std::vector<std::size_t> degree = degrees(n, pairs);
  std::vector<double> weights;
  for (const edge& e : pairs) {
    weights.push_back(metropolis_weight(degree[e.from], degree[e.to]));
  }
  return symmetric_weights(n, pairs, weights);
}

std::vector<std::size_t> mixing_degrees(const graph& wiring) {
  std::vector<std::size_t> degrees(wiring.replicas.size());
  for (const link& each : wiring.links) {
    if (std::holds_alternative<mix>(each.exchange)) {
      ++degrees[each.from];
      ++degrees[each.to];
    }
  }
  return degrees;
}

double mixing_weight(const link& neighbours,
                     const std::vector<std::size_t>& degrees) noexcept {
  const auto* const own = std::get_if<mix>(&neighbours.exchange);
  return own != nullptr && own->weight
             ? *own->weight
             : metropolis_weight(degrees[neighbours.from],
                                 degrees[neighbours.to]);
}

Eigen::MatrixXd push_sum_weights(std::size_t n, const edges& directed) {
  Eigen::MatrixXd p = Eigen::MatrixXd::Identity(index(n), index(n));
  for (const edge& e : directed) {
    p(index(e.to), index(e.from)) = 1.0;
  }
  for (Eigen::Index j = 0; j < p.cols(); ++j) {
    p.col(j) /= p.col(j).sum();
  }
  return p;
}

}  // namespace sounder::topology

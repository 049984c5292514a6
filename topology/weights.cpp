#include "topology/weights.hpp"

#include <algorithm>
#include <cmath>

#include "topology/structure.hpp"

namespace sounder::topology {

namespace {

constexpr double tolerance = 1e-9;

Eigen::Index index(std::size_t i) { return static_cast<Eigen::Index>(i); }

std::string number_text(Eigen::Index i) { return std::to_string(i); }

template <class Sums>
void check_sums(const Sums& sums, const std::string& what,
                std::vector<std::string>& problems) {
  for (Eigen::Index i = 0; i < sums.size(); ++i) {
    if (!(std::abs(sums(i) - 1.0) <= tolerance)) {
      problems.push_back("the weights of " + what + " " + number_text(i) +
                         " add up to " + std::to_string(sums(i)) +
                         "; they must add up to 1");
    }
  }
}

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

double mixing_weight(const graph& wiring, const link& neighbours) noexcept {
  const auto* const own = std::get_if<mix>(&neighbours.exchange);
  if (own != nullptr && own->weight) {
    return *own->weight;
  }
  const auto degree = [&](std::size_t i) {
    return static_cast<std::size_t>(std::count_if(
        wiring.links.begin(), wiring.links.end(), [&](const link& l) {
          return std::holds_alternative<mix>(l.exchange) &&
                 (l.from == i || l.to == i);
        }));
  };
  return metropolis_weight(degree(neighbours.from), degree(neighbours.to));
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

std::vector<std::string> validate_weights(const Eigen::MatrixXd& weights) {
  if (weights.rows() != weights.cols()) {
    return {"the weights are " + number_text(weights.rows()) + " x " +
            number_text(weights.cols()) +
            "; they need a row and a column for each replica"};
  }
  std::vector<std::string> problems;
  for (Eigen::Index i = 0; i < weights.rows(); ++i) {
    for (Eigen::Index j = 0; j < weights.cols(); ++j) {
      if (!(weights(i, j) >= 0.0)) {
        problems.push_back("the weight in row " + number_text(i) + ", column " +
                           number_text(j) + " is " +
                           std::to_string(weights(i, j)) + "; 0 is the least");
      }
    }
  }
  check_sums(weights.rowwise().sum().eval(), "row", problems);
  check_sums(weights.colwise().sum().eval(), "column", problems);
  return problems;
}

}  // namespace sounder::topology

#include "topology/spectrum.hpp"

#include <algorithm>
#include <functional>
#include <vector>

#include <Eigen/Eigenvalues>

namespace sounder::topology {

double spectral_gap(const Eigen::MatrixXd& weights) {
  if (weights.rows() < 2) {
    return 1.0;
  }
  Eigen::VectorXd moduli =
      weights.isApprox(weights.transpose())
          ? Eigen::SelfAdjointEigenSolver<Eigen::MatrixXd>(
                weights, Eigen::EigenvaluesOnly)
                .eigenvalues()
                .cwiseAbs()
                .eval()
          : Eigen::EigenSolver<Eigen::MatrixXd>(weights, false)
                .eigenvalues()
                .cwiseAbs()
                .eval();
  std::sort(moduli.begin(), moduli.end(), std::greater<>());
  return std::clamp(1.0 - moduli(1), 0.0, 1.0);
}

double effective_neighbours(const Eigen::MatrixXd& weights, double gamma) {
  const Eigen::ArrayXd squares =
      Eigen::SelfAdjointEigenSolver<Eigen::MatrixXd>(weights,
                                                     Eigen::EigenvaluesOnly)
          .eigenvalues()
          .array()
          .square()
          .min(1.0);  // rounding may leave the largest above 1
  const double with_averaging = (squares / (1.0 - gamma * squares)).mean();
  return 1.0 / (1.0 - gamma) / with_averaging;
}

}  // namespace sounder::topology

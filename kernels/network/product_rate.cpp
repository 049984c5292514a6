#include "kernels/network/product_rate.hpp"

#include <algorithm>
#include <chrono>

#include <Eigen/Core>

namespace sounder::kernels {

namespace {

double seconds_of_product(int size) {
  using clock = std::chrono::steady_clock;
  const Eigen::MatrixXf a = Eigen::MatrixXf::Constant(size, size, 0.5F);
  const Eigen::MatrixXf b = Eigen::MatrixXf::Constant(size, size, 0.25F);
  Eigen::MatrixXf c = Eigen::MatrixXf::Zero(size, size);  // not paged in late
  const auto begin = clock::now();
  c.noalias() = a * b;
  return std::chrono::duration<double>(clock::now() - begin).count();
}

}  // namespace

/// Small products first: without optimisation a large one takes seconds.
double product_flops_per_s() {
  constexpr double enough_s = 0.05;
  double most = 0.0;
  double spent = 0.0;
  for (int size = 64; size <= 512; size *= 2) {
    for (int round = 0; round < 8 && spent < enough_s; ++round) {
      const double took = std::max(seconds_of_product(size), 1e-9);
      most = std::max(most, 2.0 * size * size * size / took);
      spent += took;
    }
  }
  return most;
}

}  // namespace sounder::kernels

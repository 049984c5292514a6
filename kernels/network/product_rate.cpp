#include "kernels/network/product_rate.hpp"

#include <algorithm>
#include <chrono>

#include <Eigen/Core>

namespace sounder::kernels {

double product_flops_per_s() {
  constexpr int size = 512;
  using clock = std::chrono::steady_clock;
  const Eigen::MatrixXf a = Eigen::MatrixXf::Constant(size, size, 0.5F);
  const Eigen::MatrixXf b = Eigen::MatrixXf::Constant(size, size, 0.25F);
  Eigen::MatrixXf c(size, size);
  double least = 1e9;
  for (int round = 0; round < 10; ++round) {
    const auto begin = clock::now();
    c.noalias() = a * b;
    least = std::min(
        least, std::chrono::duration<double>(clock::now() - begin).count());
  }
  return 2.0 * size * size * size / least;
}

}  // namespace sounder::kernels

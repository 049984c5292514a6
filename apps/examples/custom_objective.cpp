// A model of your own: any function of a flat parameter vector.
//
// Here a circle is fitted to points: parameters (a, b, r), loss
// (|x - (a, b)|^2 - r^2)^2 / 4. Every discipline works on it unchanged.

#include <cmath>
#include <cstdio>

#include "actors/run/train.hpp"
#include "kernels/data/random.hpp"

using namespace sounder;

struct circle : kernels::objective {
  std::size_t dimension() const noexcept override { return 3; }

  void initialise(std::span<float> w, std::uint64_t) const override {
    w[0] = w[1] = 0.0F;
    w[2] = 1.0F;
  }
  void add_gradient(const kernels::dataset& points,
                    std::span<const std::uint32_t> rows, const float* w,
                    std::span<float> gradient) const override {
    for (const std::uint32_t i : rows) {
      const float* x = points.floats().value + 2 * i;
      const float share = miss(x, w) / static_cast<float>(rows.size());
      gradient[0] -= share * (x[0] - w[0]);
      gradient[1] -= share * (x[1] - w[1]);
      gradient[2] -= share * w[2];
    }
  }
  kernels::loss_sums evaluate(const kernels::dataset& points, std::size_t first,
                              std::size_t last, const float* w) const override {
    kernels::loss_sums sums{.rows = last - first};
    for (std::size_t i = first; i < last; ++i) {
      sums.loss += std::pow(miss(points.floats().value + 2 * i, w), 2.0) / 4;
    }
    return sums;
  }
  void predict(const kernels::dataset& points, std::size_t first,
               std::size_t last, const float* w, float* out) const override {
    for (std::size_t i = first; i < last; ++i) {
      *out++ = miss(points.floats().value + 2 * i, w);
    }
  }
  static float miss(const float* x, const float* w) {
    return (x[0] - w[0]) * (x[0] - w[0]) + (x[1] - w[1]) * (x[1] - w[1]) -
           w[2] * w[2];
  }
};

int main() {
  kernels::dense_storage points;
  kernels::random_stream random(1);
  for (int i = 0; i < 1000; ++i) {
    const double angle = random.uniform() * 6.2831853;
    points.floats.push_back(static_cast<float>(0.5 + 2 * std::cos(angle)));
    points.floats.push_back(static_cast<float>(-0.3 + 2 * std::sin(angle)));
  }
  const kernels::dataset data(std::move(points), std::vector<float>(1000), 2);

  actors::training_plan plan;
  plan.graph = topology::hogwild(2);
  plan.objective = std::make_shared<circle>();
  plan.schedule = kernels::constant_step(0.01);

  const auto w = actors::train(plan, data).parameters;
  std::printf("centre (%.3f, %.3f), radius %.3f\n", w[0], w[1], w[2]);
}

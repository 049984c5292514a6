// A loss of your own on the fast path: the squared hinge.
//
// A loss is four members; linear_objective makes the hot loops of it.

#include <algorithm>
#include <cstdio>

#include "actors/run/train.hpp"
#include "kernels/data/generate.hpp"
#include "kernels/model/linear_kernel.hpp"

using namespace sounder;

/// max(0, 1 - y z)^2
struct squared_hinge {
  static constexpr bool classifies = true;
  static constexpr float curvature = 2.0F;

  static float value(float z, float y) {
    const float gap = std::max(0.0F, 1.0F - y * z);
    return gap * gap;
  }
  static float slope(float z, float y) {
    return -2.0F * y * std::max(0.0F, 1.0F - y * z);
  }
};

int main() {
  const auto data = kernels::generate_svm({});
  const kernels::regulariser penalty{kernels::penalty_form::l2, 1e-4};

  actors::training_plan plan;
  plan.graph = topology::hogwild(2);
  plan.objective = std::make_shared<kernels::linear_objective<squared_hinge>>(
      data.train, penalty);
  plan.schedule = kernels::decaying_step(0.005, 0.8);

  const auto report = actors::train(plan, data.train, data.test);
  std::printf("test error %.2f %%\n", 100 * *report.epochs.back().test_error);
}

// A program of somebody else, built against the installed package.
#include "actors/run/train.hpp"
#include "kernels/model/linear.hpp"

namespace k = sounder::kernels;

int main() {
  k::dense_storage points;
  points.floats.push_back(-1.0F);
  points.floats.push_back(1.0F);
  const k::dataset data(std::move(points), {-1.0F, 1.0F}, 1);

  sounder::actors::training_plan plan;
  plan.graph = sounder::topology::hogwild(2);
  plan.objective = k::make_linear(k::linear_model::svm, data, 2, {});
  const auto report = sounder::actors::train(plan, data);

  return report.epochs.back().train_error == 0.0 ? 0 : 1;
}

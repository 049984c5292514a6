// Trains a linear SVM on a file of your own with two lock-free workers.
//
//   train_my_data FILE

#include <cstdio>

#include "actors/run/train.hpp"
#include "kernels/data/labels.hpp"
#include "kernels/data/load.hpp"
#include "kernels/data/split.hpp"
#include "kernels/model/linear.hpp"

using namespace sounder;

int main(int argc, char** argv) {
  const char* file = argc > 1 ? argv[1] : "train.svm";
  const auto all = kernels::load(file);
  const auto labels = kernels::distinct_labels(all, file);
  const auto data =
      kernels::split(kernels::encode_binary(all, labels, file), 0.8, 1);

  actors::training_plan plan;
  plan.graph = topology::hogwild(2);
  plan.objective = kernels::make_linear(kernels::linear_model::svm, data.train,
                                        2, {kernels::penalty_form::l2, 1e-4});
  plan.schedule = kernels::decaying_step(0.5, 0.8);
  plan.epochs = 10;

  const auto report = actors::train(plan, data.train, data.test);
  std::printf("test error %.2f %%\n", 100 * *report.epochs.back().test_error);
}

// A schedule of the step size of your own: any function of the epochs done.

#include <cmath>
#include <cstdio>

#include "actors/run/train.hpp"
#include "kernels/data/generate.hpp"
#include "kernels/model/linear.hpp"

using namespace sounder;

int main() {
  const auto data = kernels::generate_svm({});

  actors::training_plan plan;
  plan.objective = kernels::make_linear(kernels::linear_model::svm, data.train,
                                        2, {kernels::penalty_form::l2, 1e-4});
  plan.epochs = 20;
  // Half a cosine from 0.05 down to 0 (Loshchilov, Hutter, ICLR 2017).
  plan.schedule = [](double epoch) {
    return 0.025 * (1 + std::cos(3.14159265 * epoch / 20));
  };

  // Records come as they are made.
  actors::train(plan, data.train, data.test, [](const auto& record) {
    std::printf("epoch %2u  step %.4f  test error %.2f %%\n", record.epoch,
                record.step_size, 100 * *record.test_error);
  });
}

// One program, here and on other hosts: only the places of its replicas tell.
//
//     same_everywhere                                # all in this process
//     same_everywhere 10.0.0.2:4711 10.0.0.3:4711    # `sounder node` there

#include <cstdio>

#include "actors/run/train.hpp"
#include "kernels/data/generate.hpp"
#include "kernels/model/linear.hpp"
#include "topology/systems.hpp"

using namespace sounder;

int main(int argc, char** argv) {
  const auto data = kernels::generate_svm({});
  actors::training_plan plan;
  plan.graph =
      topology::by_name("allreduce", {.replicas = 2, .tau = 50}).value();
  const auto nodes = static_cast<std::size_t>(argc - 1);
  for (std::size_t i = 0; i < plan.graph.replicas.size() && nodes > 0; ++i) {
    plan.graph.replicas[i].place = argv[1 + i % nodes];
  }
  plan.objective = kernels::make_linear(kernels::linear_model::svm, data.train,
                                        2, {kernels::penalty_form::l2, 1e-4});
  plan.schedule = kernels::decaying_step(0.05, 0.9);

  const auto report = actors::train(plan, data.train, data.test);
  const auto& last = report.epochs.back();
  std::printf("train loss %.9g, test error %.2f %%\n", last.train_loss,
              100.0 * *last.test_error);
}

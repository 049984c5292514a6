// A wiring nobody shipped: two HOGWILD++ rings, joined by an elastic bridge.
//
//     a -> b -> c -> a   and   a-2 -> b-2 -> c-2 -> a-2,   c <=> a-2

#include <cstdio>

#include "actors/run/train.hpp"
#include "kernels/data/generate.hpp"
#include "kernels/model/linear.hpp"
#include "topology/compose.hpp"

using namespace sounder;
using namespace sounder::topology;

int main() {
  const replica member{"", 1, lock_free{}, {}};
  std::vector<replica> three(3, member);
  three[0].name = "a";
  three[1].name = "b";
  three[2].name = "c";
  const graph ring =
      wire(three, shapes::directed_ring(3), token_merge{}, on_token{16});
  // c of the first ring is 2, a of the second 3.
  const graph both = bridge(join(ring, ring), 2, 3, elastic{0.3}, every{64});

  const auto data = kernels::generate_svm({});
  actors::training_plan plan;
  plan.graph = both;
  plan.objective = kernels::make_linear(kernels::linear_model::svm, data.train,
                                        2, {kernels::penalty_form::l2, 1e-4});
  plan.schedule = kernels::decaying_step(0.01, 0.95);

  const auto report = actors::train(plan, data.train, data.test);
  for (const auto& link : report.links) {
    std::printf("%-4s-> %-4s %-12s %6llu meetings\n", link.from.c_str(),
                link.to.c_str(), link.exchange.c_str(),
                static_cast<unsigned long long>(link.count));
  }
  std::printf("test error %.2f %%\n", 100 * *report.epochs.back().test_error);
}

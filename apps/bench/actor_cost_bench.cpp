// What do actors cost? 10^6 steps of batch 1 through worker and replica
// actors against the same kernel called from a plain loop, over chunk sizes.
//
//   actor_cost_bench
//
// A chunk is what a worker does between two looks at its mailbox; the table
// shows why it should take 0.1 ms or more. The bits must be equal before a
// time counts.

#include <algorithm>
#include <cstdlib>
#include <vector>

#include <fmt/core.h>

#include "actors/plan/schedule.hpp"
#include "actors/run/train.hpp"
#include "apps/bench/bench_support.hpp"
#include "kernels/data/generate.hpp"
#include "kernels/data/row_order.hpp"
#include "kernels/model/linear.hpp"

namespace {

using namespace sounder;

constexpr std::size_t steps = 1'000'000;

struct outcome {
  double seconds = 0.0;
  std::vector<float> weights;
};

outcome bare(const kernels::dataset& data, const kernels::objective& model,
             std::size_t chunk_rows) {
  std::vector<float> weights(model.dimension());
  kernels::row_order order(data.rows(), {kernels::order_kind::block, 32, 1});
  kernels::worker_scratch scratch;
  std::vector<std::uint32_t> rows;
  kernels::sgd_chunk chunk;
  chunk.data = &data;
  chunk.weights = weights.data();
  chunk.step_size = 0.001;
  const double taken = bench::seconds([&] {
    for (std::size_t first = 0; first < data.rows(); first += chunk_rows) {
      rows.resize(std::min(chunk_rows, data.rows() - first));
      order.fill(0, first, rows);
      chunk.rows = rows;
      model.steps(chunk, scratch);
    }
  });
  return {taken, std::move(weights)};
}

outcome through_actors(const kernels::dataset& data,
                       std::shared_ptr<const kernels::objective> model,
                       std::size_t chunk_rows) {
  actors::training_plan plan;
  plan.objective = std::move(model);
  plan.schedule = kernels::constant_step(0.001);
  plan.epochs = 1;
  plan.chunk_rows = chunk_rows;
  plan.evaluation = actors::evaluation_mode::between;
  auto report = actors::train(plan, data);
  return {report.train_s, std::move(report.parameters)};
}

}  // namespace

int main() {
  kernels::svm_spec spec;
  spec.rows = steps;
  spec.test_rows = 1;
  const kernels::dataset data = kernels::generate_svm(spec).train;
  // No penalty: the plain kernel, whose bits do not depend on the chunks.
  const auto model = kernels::make_linear(kernels::linear_model::svm, data, 2,
                                          {kernels::penalty_form::l2, 0.0});
  fmt::print(
      "{}\n{} steps of batch 1, 20 non-zeros each, 1 worker, median of "
      "7 rounds\n\n{:>12}{:>14}{:>14}{:>14}{:>10}\n",
      bench::machine(), steps, "chunk rows", "us a chunk", "bare ns/step",
      "actors ns/step", "cost");
  for (const std::size_t chunk :
       {std::size_t{1}, std::size_t{10}, std::size_t{100}, std::size_t{1000},
        std::size_t{4000}, std::size_t{10'000}, std::size_t{100'000}}) {
    if (bare(data, *model, chunk).weights !=
        through_actors(data, model, chunk).weights) {
      fmt::print(stderr, "chunk {}: results differ\n", chunk);
      return EXIT_FAILURE;
    }
    const auto times = bench::time_in_turn(
        {[&] { return bare(data, *model, chunk).seconds; },
         [&] { return through_actors(data, model, chunk).seconds; }},
        7);
    const double plain = bench::median(times[0]) / steps * 1e9;
    const double actor = bench::median(times[1]) / steps * 1e9;
    fmt::print("{:>12}{:>14.1f}{:>14.1f}{:>14.1f}{:>9.1f}%\n", chunk,
               plain * static_cast<double>(chunk) / 1e3, plain, actor,
               100.0 * (actor - plain) / plain);
  }
  fmt::print("\nA run without options takes chunks of {} rows here.\n",
             actors::default_chunk_rows(data.nonzeros(), data.rows()));
}

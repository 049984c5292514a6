#include "actors/plan/run_policy.hpp"

#include <algorithm>
#include <cmath>

#include "actors/plan/meeting_times.hpp"
#include "kernels/data/parallel.hpp"

namespace sounder::actors {

namespace {

/// After the gd stage, whose smaller batches make more of them.
std::size_t phases_of_epoch(const run_cut& cut) {
  return cut.epochs().empty()
             ? 1
             : std::max<std::size_t>(cut.epochs().back().phase_ends.size(), 1);
}

}  // namespace

bool evaluates_concurrently(const training_plan& plan) {
  return !plan.deterministic &&
         (plan.evaluation == evaluation_mode::concurrent ||
          (plan.evaluation == evaluation_mode::automatic &&
           topology::workers(plan.graph) < kernels::thread_count(0)));
}

unsigned idle_cores(const training_plan& plan, bool concurrent) {
  if (plan.deterministic) {
    return 0;
  }
  unsigned busy = 0;
  for (const topology::replica& each : plan.graph.replicas) {
    busy += concurrent || each.place.empty() ? each.workers : 0;
  }
  const unsigned cores = kernels::thread_count(0);
  return cores > busy ? cores - busy : 0;
}

std::uint64_t most_lead(const training_plan& plan, const run_cut& cut,
                        bool shares_way) {
  constexpr double some = 8.0;
  const auto of_epoch = static_cast<double>(phases_of_epoch(cut));
  if (plan.max_lag) {
    return static_cast<std::uint64_t>(
        std::max(std::ceil(*plan.max_lag * of_epoch), 1.0));
  }
  return shares_way ? any_lead
                    : static_cast<std::uint64_t>(std::max(of_epoch, some));
}

stride stride_of(const training_plan& plan, const run_cut& cut,
                 std::size_t replicas, bool shares_way) {
  constexpr std::size_t meetings = 16;
  constexpr std::size_t most = 10;
  if (replicas < 2) {
    return {};
  }
  const auto usual = static_cast<unsigned>(
      std::clamp<std::size_t>(meetings / phases_of_epoch(cut), 1, most));
  if (!plan.max_lag) {
    return {usual, shares_way ? stride().lead : usual};
  }
  const auto lag = static_cast<unsigned>(std::max(*plan.max_lag, 1.0));
  const unsigned length = std::min(usual, (lag + 1) / 2);
  return {length, lag - length};
}

bool evaluates_in_a_moment(const training_plan& plan,
                           const kernels::dataset& train_set,
                           const kernels::dataset& test_set) {
  constexpr double moment = 0.25e9;  // costs are about nanoseconds
  double cost = 0.0;
  for (const kernels::dataset* set : {&train_set, &test_set}) {
    cost +=
        row_cost(plan, data_shape::of(*set)) * static_cast<double>(set->rows());
  }
  return cost < moment;
}

std::chrono::milliseconds deadline_of(const training_plan& plan,
                                      const data_shape& shape) {
  // For what takes an idle core 1 ns, or a network 5.
  constexpr double ms = 20e-6;
  const std::size_t rows =
      std::max({plan.batch_size, plan.objective->evaluation_batch(),
                plan.chunk_rows.value_or(
                    default_chunk_rows(shape.nonzeros, shape.rows))});
  return plan.stall_deadline +
         std::chrono::milliseconds(static_cast<long>(
             ms * static_cast<double>(rows) * row_cost(plan, shape)));
}

}  // namespace sounder::actors

#include "actors/plan/replica_setup.hpp"

#include <algorithm>
#include <utility>
#include <variant>
#include <vector>

#include "kernels/step/with_optimizer.hpp"

namespace sounder::actors {

namespace {

/// Samples between two exchanges of a private head: so many that their steps
/// touch ten times the floats that the exchange does, and no more than keeps
/// the workers' differences small against an epoch.
std::size_t default_head_every(const data_shape& data, std::size_t head,
                               unsigned workers) {
  const std::uint64_t values = std::max<std::uint64_t>(data.nonzeros, 1);
  const std::uint64_t cheap = 10 * std::uint64_t{head} * data.rows / values;
  const std::size_t most =
      std::clamp<std::size_t>(data.rows / (8UL * workers), 1, 2048);
  return std::clamp<std::size_t>(cheap, 1, most);
}

/// Samples a chunk may have so that its scale stays good for floats and, with
/// several workers, near to that of the chunks others are at: what one writes
/// with its scale, the others read with theirs.
std::size_t most_chunk_rows(const training_plan& plan, unsigned workers,
                            std::size_t batch_size) {
  const double least = workers > 1 ? 0.5 : least_scale;
  double shrink = 1.0;
  for_each_checked_step(plan, [&](double, double step) {
    shrink = std::min(shrink, plan.objective->shrink(step));
    return true;
  });
  return rows_until_scale(least, shrink, batch_size);
}

/// How many of an epoch's samples are walked: all but a last batch that is
/// smaller than the objective takes.
std::size_t rows_walked(std::size_t rows, std::size_t batch_size,
                        std::size_t least_batch) {
  const std::size_t left = rows % batch_size;
  return left < least_batch && left < rows ? rows - left : rows;
}

/// An epoch of `rows` samples.
epoch_cut cut_phases(std::size_t rows, std::size_t batch_size,
                     std::size_t chunk_rows, unsigned workers,
                     phase_cut phases) {
  epoch_cut cut;
  cut.batch_size = batch_size;
  const std::size_t own = ratio_up(rows, batch_size);
  const std::size_t most = ratio_up(std::max(rows, phases.rows), batch_size);
  const std::size_t batches = phases.batches == 0 ? most : phases.batches;
  // Who has fewer samples than others takes fewer steps in each phase, lest his
  // samples be done while the others' go on.
  const auto end_of = [&](std::size_t phase) {
    const std::size_t batch =
        ratio_up(own * std::min((phase + 1) * batches, most), most);
    return std::min(batch * batch_size, rows);
  };
  std::size_t last = 0;
  for (std::size_t phase = 0; phase < ratio_up(most, batches); ++phase) {
    const std::size_t first = std::exchange(last, end_of(phase));
    for (const chunk_range& chunk :
         cut_epoch(last - first, batch_size, chunk_rows, workers)) {
      cut.chunks.push_back({first + chunk.first, first + chunk.last});
    }
    cut.phase_ends.push_back(cut.chunks.size());
  }
  return cut;
}

}  // namespace

void replica_setup::begin(plan_ptr of_run, std::size_t number) {
  plan = std::move(of_run);
  replica = number;
  const topology::replica& node = plan->graph.replicas.at(number);
  sharing = node.sharing;
  workers = node.workers;
  holds = segment_held(*plan, number);
  if (plan->stop.wall_clock) {
    using clock = std::chrono::steady_clock;
    end_by = clock::now() + std::chrono::duration_cast<clock::duration>(
                                *plan->stop.wall_clock);
  }
}

void replica_setup::make_objectives() {
  objective = kernels::with_optimizer(plan->objective, plan->optimizer);
  if (plan->gd.epochs > 0) {
    kernels::optimizer plain;
    plain.weight_decay = plan->optimizer.weight_decay;
    gd_objective = kernels::with_optimizer(plan->objective, plain);
  }
}

kernels::segment segment_held(const training_plan& plan, std::size_t replica) {
  const topology::stretch& holds = plan.graph.replicas.at(replica).holds;
  return kernels::segment_of(holds.part, holds.parts,
                             plan.objective->dimension());
}

private_part private_part_of(const training_plan& plan, const data_shape& shape,
                             std::size_t replica) {
  const topology::replica& node = plan.graph.replicas.at(replica);
  const auto* const free = std::get_if<topology::lock_free>(&node.sharing);
  if (free == nullptr || node.is_hub()) {
    return {};
  }
  const std::size_t head =
      std::min(free->head.value_or(
                   node.workers > 1 ? plan.objective->popular_head() : 0),
               plan.objective->dimension());
  const std::size_t every =
      free->head_every.value_or(default_head_every(shape, head, node.workers));
  return {head,
          std::max(every / plan.batch_size, std::size_t{1}) * plan.batch_size};
}

replica_setup set_up(plan_ptr shared, const data_shape& shape,
                     std::size_t replica, kernels::shard rows,
                     phase_cut phases) {
  const training_plan& plan = *shared;
  const topology::replica& node = plan.graph.replicas.at(replica);
  replica_setup setup;
  setup.begin(std::move(shared), replica);
  setup.rows = rows;
  if (node.is_hub()) {
    return setup;
  }
  const private_part own = private_part_of(plan, shape, replica);
  setup.head = own.head;
  setup.head_every = own.every;
  const std::size_t chunk_rows = plan.chunk_rows.value_or(
      std::min(default_chunk_rows(shape.nonzeros, shape.rows),
               smooth_chunk_rows(rows.rows())));
  std::vector<epoch_cut> epochs;
  for (unsigned e = 0; e <= plan.gd.epochs; ++e) {
    const std::size_t batch = batch_of(plan, e);
    const std::size_t most =
        std::min(chunk_rows, most_chunk_rows(plan, node.workers, batch));
    const auto walked = [&](std::size_t n) {
      return rows_walked(n, batch, plan.objective->least_batch());
    };
    epochs.push_back(cut_phases(walked(rows.rows()), batch, most, node.workers,
                                {phases.batches, walked(phases.rows)}));
  }
  setup.cut = run_cut(std::move(epochs));
  return setup;
}

}  // namespace sounder::actors

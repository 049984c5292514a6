#pragma once

// What a replica has to do in a run, worked out of the plan: whose samples, in
// which chunks and phases, with which private head.

#include <chrono>
#include <cstddef>
#include <memory>
#include <optional>
#include <stop_token>

#include "actors/plan/data_partition.hpp"
#include "actors/plan/schedule.hpp"
#include "actors/plan/training_plan.hpp"
#include "kernels/data/dataset.hpp"
#include "kernels/data/shard.hpp"
#include "kernels/exchange/all_reduce.hpp"

namespace sounder::actors {

/// Who makes a replica's steps once its gradients are there.
enum class stepper {
  worker,  // who has found them, at once
  group,   // the replica, with the mean over a group: an all-reduce stands
           // before the optimizer
  hub,     // the hub that gets them
};

/// What stays the same for all phases of a replica; set once.
struct replica_setup {
  plan_ptr plan;  // of the run
  /// Takes the steps of the plan's rule; made only where the replica lives.
  std::shared_ptr<const kernels::objective> objective;
  std::shared_ptr<const kernels::objective> gd_objective;  // of the gd stage
  kernels::dataset data;
  topology::sharing_rule sharing;
  unsigned workers = 1;
  std::size_t replica = 0;                    // its number in the graph
  kernels::segment holds{};                   // coordinates of its vector
  kernels::shard rows;                        // of the data
  actors::stepper stepper = stepper::worker;  // after the gd stage
  std::size_t head = 0;                       // coordinates private to a worker
  std::size_t head_every = 1;                 // samples between exchanges
  run_cut cut;
  std::optional<std::chrono::steady_clock::time_point> end_by;
  std::stop_token stop;  // the run's own, besides plan.interrupt

  /// Whether the run is interrupted, over, or out of time.
  bool is_to_stop() const noexcept {
    return plan->interrupt.stop_requested() || stop.stop_requested() ||
           (end_by && std::chrono::steady_clock::now() >= *end_by);
  }

  /// As the graph has that replica; from now on its time runs.
  void begin(plan_ptr of_run, std::size_t number);

  /// Makes what the replica steps with: the plan's rules on its objective.
  void make_objectives();

  /// The first chunk after the gd stage.
  std::size_t gd_end() const noexcept {
    return cut.chunks().before(plan->gd.epochs);
  }
  /// Whether local phases end before the optimizer: with a gradient, that of
  /// their one batch. Plain gradient descent comes to the same either way.
  bool stops_at_gradient(std::size_t chunk) const noexcept {
    return stepper != stepper::worker && chunk >= gd_end();
  }
  const kernels::objective& objective_at(std::size_t chunk) const noexcept {
    return chunk < gd_end() ? *gd_objective : *objective;
  }
};

/// How the local steps of all replicas are cut into phases: a local phase has
/// `batches` of them (0: an epoch's) at the replica that has most samples,
/// `rows` of them, and in proportion fewer at the others; an epoch has as many
/// phases everywhere.
struct phase_cut {
  std::size_t batches = 0;
  std::size_t rows = 0;
};

/// The coordinates that a replica of the graph holds: all, but of a hub in
/// several parts.
kernels::segment segment_held(const training_plan& plan, std::size_t replica);

/// Works out what the plan leaves open for a replica that walks `rows` of data
/// of that shape; the data itself is put in later.
replica_setup set_up(plan_ptr plan, const data_shape& shape,
                     std::size_t replica, kernels::shard rows,
                     phase_cut phases);

/// What is private to each worker of a replica that shares without a lock.
struct private_part {
  std::size_t head = 0;
  std::size_t every = 1;  // samples between exchanges
};
private_part private_part_of(const training_plan& plan, const data_shape& shape,
                             std::size_t replica);

}  // namespace sounder::actors

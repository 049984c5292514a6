#pragma once

// What a run takes its time by: cores, strides, deadlines.

#include <chrono>
#include <cstddef>

#include "actors/plan/data_partition.hpp"
#include "actors/plan/schedule.hpp"
#include "actors/plan/training_plan.hpp"

namespace sounder::actors {

/// Whether workers go on while their snapshots are evaluated: with a core to
/// spare, or when asked to.
bool evaluates_concurrently(const training_plan& plan);

/// Cores that no worker is on during an evaluation. Workers elsewhere count
/// while they go on, since they may be processes of this machine.
unsigned idle_cores(const training_plan& plan, bool concurrent);

/// Epochs that a replica may walk without looking where the others are. Who
/// has finished pulls no longer, and whoever is left makes the model one of
/// its own samples: the closer the meetings, the sooner.
unsigned stride_of(const run_cut& cut, std::size_t replicas);

/// Whether an evaluation takes a quarter of a second at most, even on one core:
/// somebody who interrupts a run has a moment, not more.
bool evaluates_in_a_moment(const training_plan& plan,
                           const kernels::dataset& train_set,
                           const kernels::dataset& test_set);

/// How long nothing may move: workers tell of whole chunks and evaluators of
/// whole blocks, and one on a large network takes its time.
std::chrono::milliseconds deadline_of(const training_plan& plan,
                                      const data_shape& shape);

}  // namespace sounder::actors

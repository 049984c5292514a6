#pragma once

// What a run takes its time by: cores, strides, deadlines.

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <limits>

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

/// Phases that a replica may have behind it more than another of its process:
/// those of plan.max_lag. By default those of an epoch, and where an epoch has
/// few, some more, so that what holds up one now and another then does not add
/// up; any number where replicas share their way, for then who is held up holds
/// up nobody and no parameters become those of one share.
std::uint64_t most_lead(const training_plan& plan, const run_cut& cut,
                        bool shares_way);
constexpr std::uint64_t any_lead = std::numeric_limits<std::uint64_t>::max();

/// How replicas of several nodes keep together.
struct stride {
  /// Epochs that a replica may walk without looking where the others are.
  unsigned length = std::numeric_limits<unsigned>::max();
  /// Epochs that it may be ahead when it sets out on them.
  unsigned lead = std::numeric_limits<unsigned>::max();
};

/// A stride and the lead before it are plan.max_lag together, in whole epochs,
/// one at the least. By default each is as long as some meetings: who has
/// finished pulls no longer, and whoever is left makes the model one of its own
/// samples: the closer the meetings, the sooner. Any lead where each can walk
/// for all others (`shares_way`, as most_lead).
stride stride_of(const training_plan& plan, const run_cut& cut,
                 std::size_t replicas, bool shares_way);

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

#pragma once

// What a run does about epochs, batches and steps where nobody says: by the
// data, the objective and the graph.

#include <cstddef>

#include "actors/plan/training_plan.hpp"
#include "kernels/data/dataset.hpp"
#include "kernels/model/objective.hpp"
#include "topology/graph.hpp"

namespace sounder::actors {

struct learning_defaults {
  unsigned epochs = 10;
  unsigned evaluate_every = 1;  // with as many epochs
  std::size_t batch_size = 1;
  double step = 0.0;        // at the start; 0: nothing is known
  double decay_rate = 0.0;  // of kernels::annealed_step
};

/// Epochs over so much data: as many as walk 25 million stored values, 10 at
/// the least (50 where samples are dense), 1,000 at the most. Small sets need
/// many, and theirs cost next to nothing. N replicas that hear of each other
/// little by little and see 1/N of the samples each: N times the exchange's
/// `more_epochs` as many.
unsigned usual_epochs(const topology::graph& wiring,
                      const kernels::dataset& data) noexcept;

/// How many times the step of a single replica a graph bears, where an epoch is
/// shared by its replicas: as many as average their moves ("linear scaling",
/// Goyal et al. 2017), 1 where the moves are added up, less where a hub gives
/// them momentum.
double step_growth(const topology::graph& wiring);

/// Defaults for a run of the graph on this data; 10 epochs, and no step, where
/// the objective knows nothing of steps. `batch_size` is that of the
/// plan where somebody has given one, else 0.
///
///   step = min(growth * batch * s, most),
///
/// with s and most those of objective::find_usual_steps, and four times that
/// most where gradients are summed and their slope is bounded; where moves are
/// added up whose slope is not, 2 s / steps_apart(). Sums of gradients at a
/// barrier (all_reduce, gradient) meet after every batch; they take batches of
/// 16 over all replicas, which the step makes up for.
/// Cost: that of find_usual_steps, a millisecond or so.
learning_defaults find_defaults(const topology::graph& wiring,
                                const kernels::objective& objective,
                                const kernels::dataset& data,
                                std::size_t batch_size);

}  // namespace sounder::actors

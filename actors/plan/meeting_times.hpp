#pragma once

// When the links of a graph meet, in local steps.

#include <cstddef>
#include <vector>

#include "actors/plan/data_partition.hpp"
#include "actors/plan/replica_setup.hpp"

namespace sounder::actors {

/// How often a link meets and how the steps are cut accordingly.
struct meeting_times {
  std::vector<std::size_t> taus;  // of every link: local steps
  /// Of every link: whether it meets between the gradient of a batch and the
  /// optimizer, after the gd stage.
  std::vector<bool> before_optimizer;
  phase_cut phases;
};
meeting_times plan_meetings(const training_plan& plan,
                            const data_partition& partition);

/// Whether the link does so when it meets every tau local steps: its exchange
/// stands there, the replicas do not step on their own in between, and it makes
/// a difference. A hub that has a momentum of its own, or that does not see the
/// whole of a round that lars needs, gets what steps have moved.
bool meets_before_optimizer(const training_plan& plan,
                            const topology::link& link, std::size_t tau);

/// What a step on one sample of the data costs (objective::row_cost).
double row_cost(const training_plan& plan, const data_shape& shape);

/// Local steps between two meetings when the graph does not say: so many that
/// a meeting costs a twentieth of them, but that there are `meetings` in an
/// epoch at the least, since what replicas do apart must stay small against
/// what is left to go; but no more than are worth a wait each, or two in an
/// epoch.
std::size_t default_tau(const training_plan& plan, const data_shape& shape,
                        std::size_t batches, std::size_t meetings);

/// Local steps that all replicas and workers of the graph together take at most
/// without a look at each other, where an epoch has so many samples; 1 for one
/// worker alone.
std::size_t steps_apart(const training_plan& plan, const data_shape& shape);

/// The setups of all replicas, without data.
std::vector<replica_setup> set_up_all(const plan_ptr& plan,
                                      const data_partition& partition);

}  // namespace sounder::actors

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
  phase_cut phases;
};
meeting_times plan_meetings(const training_plan& plan,
                            const data_partition& partition);

/// What a step on one sample of the data costs (objective::row_cost).
double row_cost(const training_plan& plan, const data_shape& shape);

/// Local steps between two meetings when the graph does not say: so many that
/// a meeting costs a twentieth of them, but that there are `meetings` in an
/// epoch at the least, since what replicas do apart must stay small against
/// what is left to go; but no more than are worth a wait each, or two in an
/// epoch.
std::size_t default_tau(const training_plan& plan, const data_shape& shape,
                        std::size_t batches, std::size_t meetings = 16);

/// Local steps that all replicas and workers of the graph together take at most
/// without a look at each other, where an epoch has so many samples; 1 for one
/// worker alone.
std::size_t steps_apart(const training_plan& plan, const data_shape& shape);

/// The setups of all replicas, without data.
std::vector<replica_setup> set_up_all(const plan_ptr& plan,
                                      const data_partition& partition);

}  // namespace sounder::actors

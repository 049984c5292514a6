#pragma once

// What the graph says in values, as kernels.

#include <cstddef>
#include <memory>
#include <vector>

#include "actors/training_plan.hpp"
#include "kernels/exchange/all_reduce.hpp"
#include "kernels/exchange/exchange_rule.hpp"

namespace sounder::actors {

/// The rule of a link between two ends (not gossip, not all-reduce).
std::shared_ptr<const kernels::exchange_rule> make_rule(
    const training_plan& plan, std::size_t link);

/// The replicas of the token ring that `start` is on, from it on.
std::vector<std::size_t> token_cycle(const topology::graph& wiring,
                                     std::size_t start);

/// Replicas that all_reduce links join: by rank, and the ranks in groups.
struct reduce_members {
  std::vector<std::size_t> replicas;
  kernels::reduce_groups groups;
};
std::vector<reduce_members> find_reduce_groups(const topology::graph& wiring);

/// 1 / (1 + the larger degree), degrees counting links of the same exchange
/// (Metropolis; Xiao and Boyd 2004).
double metropolis_weight(const topology::graph& wiring, std::size_t i,
                         std::size_t j);

}  // namespace sounder::actors

#pragma once

#include <memory>
#include <set>
#include <vector>

#include <caf/all.hpp>

#include "actors/evaluation.hpp"
#include "actors/messages.hpp"
#include "actors/training_leg.hpp"

namespace sounder::actors {

/// A replica's state: the shared vector, the workers on it, the job they are
/// at. One job at a time; the run asks for the next when the last is done.
struct replica_state {
  const char* name = "replica";

  // Set once.
  std::shared_ptr<const replica_setup> setup;
  std::shared_ptr<replica_memory> memory;
  std::vector<caf::actor> workers;

  // The job at hand.
  job_ptr current;
  std::set<unsigned> busy;
  caf::response_promise answer;

  // An advance may take several legs.
  std::shared_ptr<training_leg> leg;
  std::size_t next_chunk = 0;
  std::size_t goal = 0;
  leg_result result;

  /// The leg that leads from next_chunk towards the goal.
  std::shared_ptr<training_leg> next_leg() const;

  /// Folds the scale into the vector and adds the leg to the result. True
  /// when the goal is reached or the run is to stop.
  bool finish_leg();
};

/// One parameter vector and its workers.
///
///   advance(goal) -> leg -> done from all workers -> fold -> next leg ...
///                 -> leg_result with a snapshot
///   evaluate(job) -> done from all workers -> evaluation_result
///
/// Cooperative: it computes nothing but the folding of the scale.
caf::behavior replica(caf::stateful_actor<replica_state>* self,
                      std::shared_ptr<const replica_setup> setup,
                      std::shared_ptr<replica_memory> memory);

/// Evaluates snapshots one after the other while workers go on.
caf::behavior evaluator(caf::event_based_actor* self);

}  // namespace sounder::actors

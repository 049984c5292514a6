#pragma once

#include <memory>
#include <set>
#include <vector>

#include <caf/all.hpp>

#include "actors/evaluation.hpp"
#include "actors/messages.hpp"
#include "actors/walk.hpp"
#include "actors/wiring.hpp"

namespace sounder::actors {

/// A replica's state: its part in the wiring, the workers on its vector, the
/// job they are at. One job at a time; the run asks for the next when the last
/// is done.
struct replica_state {
  const char* name = "replica";

  // Set once.
  wired_replica wired;
  std::vector<caf::actor> workers;

  // The job at hand.
  job_ptr current;
  std::shared_ptr<walk> walking;  // the job, when it is a walk
  std::set<unsigned> busy;
  caf::response_promise answer;
  std::size_t next_chunk = 0;
  bool with_snapshot = false;  // the result

  leg_result result_of(const walk& done) const;
};

/// One parameter vector, its workers and its links.
///
///   advance(epoch) -> walk: legs and meetings -> done from all workers
///                  -> leg_result, with a snapshot if wanted
///   evaluate(job)  -> done from all workers -> true
///   snapshot       -> parameters, of a replica at rest
///
/// Cooperative: it computes nothing itself.
caf::behavior replica(caf::stateful_actor<replica_state>* self,
                      wired_replica wired);

/// A vector without workers, on another node than the run: tells what it is
/// when asked.
caf::behavior hub(caf::event_based_actor* self, wired_replica wired);

/// Evaluates snapshots one after the other while workers go on.
caf::behavior evaluator(caf::event_based_actor* self);

}  // namespace sounder::actors

#pragma once

#include <memory>
#include <set>
#include <vector>

#include <caf/all.hpp>

#include "actors/messages.hpp"
#include "actors/replica/evaluation.hpp"
#include "actors/replica/training_job.hpp"
#include "actors/replica/wired_replica.hpp"

namespace sounder::actors {

/// A replica at work: its part in the wiring, the workers on its vector, the
/// job they are at. One job at a time; the run asks for the next when the last
/// is done.
struct replica_work {
  const char* name = "replica";

  // Set once.
  wired_replica wired;
  std::vector<worker_actor> workers;

  // The job at hand.
  job_ptr current;
  std::shared_ptr<training_job> walking;  // the job, when it trains
  std::set<unsigned> busy;
  caf::typed_response_promise<phase_result> walked;
  caf::typed_response_promise<bool> evaluated;
  bool with_snapshot = false;  // the result

  phase_result result_of(const training_job& done) const;
};

/// One parameter vector, its workers and its links.
///
///   advance(epoch) -> walk: phases and meetings -> done from all workers
///                  -> phase_result, with a snapshot if wanted
///   evaluate(job)  -> done from all workers -> true
///   snapshot       -> parameters, of a replica at rest
///
/// Walks for the process of its run alone: others may connect, too.
/// Cooperative: it computes nothing itself.
whole_replica::behavior_type replica(
    whole_replica::stateful_pointer<replica_work> self, wired_replica wired,
    caf::node_id run);

/// A vector without workers: owns it, and tells what it is when asked. Who
/// meets it does so through the target that it has granted, and keeps its
/// memory as long.
hub_actor::behavior_type hub(hub_actor::pointer self, wired_replica wired,
                             caf::node_id run);

/// Where a ring's token is: owns that, and tells it when asked. Members look
/// for the token, and hand it on, through the ring that it has granted.
token_actor::behavior_type token(token_actor::pointer self, wired_token wired);

/// Evaluates snapshots one after the other while workers go on.
evaluator_actor::behavior_type evaluator(evaluator_actor::pointer self);

}  // namespace sounder::actors

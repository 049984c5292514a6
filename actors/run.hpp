#pragma once

#include <chrono>
#include <cstdint>
#include <deque>
#include <memory>
#include <optional>
#include <stop_token>
#include <string>

#include <caf/all.hpp>

#include "actors/messages.hpp"
#include "actors/train.hpp"
#include "actors/training_leg.hpp"

namespace sounder::actors {

/// The state of a run: where it stands, what it has found, when to stop.
struct run_state {
  const char* name = "run";
  using clock = std::chrono::steady_clock;

  // Set once.
  std::shared_ptr<const replica_setup> setup;
  kernels::dataset test_set;
  bool concurrent = false;
  caf::actor replica;
  caf::actor evaluator;  // the replica itself when not concurrent
  caf::actor recorder;
  clock::time_point started;
  std::stop_source stop_source;

  // Only this actor.
  unsigned epochs_done = 0;  // walked
  bool walking = false;      // an advance is on its way
  std::deque<evaluation_ptr> evaluating;
  std::deque<epoch_record> awaiting;     // their records, losses still open
  std::optional<stop_reason> cut_short;  // within an epoch
  parameters_ptr last_parameters;        // of the end, when cut short
  run_report report;
  double best_loss = 0.0;
  unsigned epochs_since_best = 0;
  bool finished = false;
  caf::response_promise answer;

  // The watch.
  std::uint64_t last_progress = 0;
  clock::time_point last_moved;

  const training_plan& plan() const { return setup->plan; }
  unsigned next_goal() const noexcept;
  double seconds_since_start() const;

  /// Completes the oldest awaiting record.
  void take(const evaluation_result& found);

  /// Whether the last record ends the run, and why.
  std::optional<stop_reason> verdict();
  std::string divergence_advice() const;
};

/// The supervisor of a training run.
///
///   start -> advance -> leg_result -> evaluate -> evaluation_result -> ...
///                 ^                                     |
///                 +---------- no verdict yet -----------+
///
/// With concurrent evaluation the next advance does not wait for the
/// evaluation, as long as at most one other is unfinished. A watch looks
/// after progress and ends a stalled run.
caf::behavior run(caf::stateful_actor<run_state>* self,
                  std::shared_ptr<replica_setup> setup,
                  std::shared_ptr<replica_memory> memory,
                  kernels::dataset test_set, epoch_observer observer);

}  // namespace sounder::actors

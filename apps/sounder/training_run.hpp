#pragma once

#include <chrono>
#include <functional>
#include <string>

#include "actors/run/train.hpp"
#include "apps/sounder/metrics.hpp"
#include "apps/sounder/options.hpp"
#include "apps/sounder/progress.hpp"
#include "apps/sounder/workload.hpp"

namespace sounder::app {

/// What becomes of a run when somebody is lost.
struct survival {
  actors::checkpointing keeps;
  unsigned restarts = 0;                     // from a checkpoint, at most
  std::chrono::duration<double> wait{10.0};  // for a node to come back

  /// Brings back nodes that have ended. May be empty.
  std::function<void()> revive;
  /// Makes the plan one without the node at that address; throws usage_error
  /// where there is none.
  std::function<void(const std::string& address, actors::training_plan& plan)>
      leave_out;
};

/// actors::train with progress and metrics. Records of loads go first. Where
/// the program has found the step itself (plan.halts_above_start), a run that
/// diverges is done again with half of it, which is said, up to ten times: from
/// where it has begun, and newer checkpoints are removed. Where there are
/// checkpoints a run that loses a node goes on from the newest one when the
/// node is back, or without it.
/// Throws usage_error for a plan that does not fit the data.
actors::run_report run_training(actors::training_plan plan,
                                const workload& work, const std::string& title,
                                progress& out, metrics_file& metrics,
                                survival after = {});

/// Epochs, batch and step of the plan, where the options leave them open, by
/// the data. Returns a line on what was found and what it took, "" when there
/// is nothing to say.
std::string fit_to_data(const settings& values, const workload& work,
                        actors::training_plan& plan);

/// 0 for a run that came to an end of its own, else as in the manual.
int exit_code(actors::stop_reason reason);
/// Likewise; 3 where it has left no checkpoint that it should have.
int exit_code(const actors::run_report& report);

/// Why a run is no success, for people; "" when it is one.
std::string complaint(const actors::run_report& report);

/// Writes to stdout. Throws std::system_error when that fails, but for a
/// reader who has gone away.
void print(const std::string& text);

/// The same of what people read: lines that stdout's terminal, if it is one,
/// has no room for are folded.
void print_text(const std::string& text);

/// A word on more workers than processors; "" when there are enough.
std::string oversubscription_note(unsigned workers);

}  // namespace sounder::app

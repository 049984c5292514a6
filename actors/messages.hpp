#pragma once

// All messages between actors. Local ones carry pointers and never leave the
// process: CAF refuses to serialise them.

#include <chrono>
#include <cstdint>
#include <exception>
#include <memory>
#include <string>
#include <vector>

#include <caf/all.hpp>

#include "actors/evaluation.hpp"
#include "actors/job.hpp"
#include "actors/run_report.hpp"

namespace sounder::actors {

// run -> replica: walk to the end of this epoch (numbered from the run's
// start); answered with leg_result.
using advance_atom = caf::atom_constant<caf::atom("advance")>;
// run -> replica or evaluator: help to evaluate a snapshot; answered when
// nothing of it is left to claim.
using evaluate_atom = caf::atom_constant<caf::atom("evaluate")>;
// replica -> worker: a job; and worker -> itself: its next piece.
using work_atom = caf::atom_constant<caf::atom("work")>;
// worker -> replica: nothing left of the job.
using done_atom = caf::atom_constant<caf::atom("done")>;
// run -> itself: time to see whether anybody got anywhere.
using watch_atom = caf::atom_constant<caf::atom("watch")>;
// run -> replica: progress so far; answered with progress_report.
using progress_atom = caf::atom_constant<caf::atom("progress")>;
// run -> recorder: an epoch's record.
using record_atom = caf::atom_constant<caf::atom("record")>;
// run -> recorder: no more of them; answered when all were observed.
using close_atom = caf::atom_constant<caf::atom("close")>;
// train() -> run: begin; answered with the report.
using start_atom = caf::atom_constant<caf::atom("start")>;

/// What a replica answers to `advance`.
struct leg_result {
  std::chrono::nanoseconds duration{0};
  std::uint64_t samples = 0;  // of this replica since the run's start
  double step_size = 0.0;     // of the last chunk
  bool is_complete = true;
  time_split times;
  parameters_ptr parameters;
};

using evaluation_ptr = std::shared_ptr<evaluation>;

/// Who is at work in a replica, for the watch and its message.
struct progress_report {
  std::uint64_t progress = 0;
  std::vector<unsigned> busy;  // workers that have not left the job
  std::string waits_for;       // said by a replica that waits for others
};

/// For set_exception_handler: ends the actor with what the exception says, and
/// through links the run. Code of users (objectives, rules) may throw.
inline caf::error as_exit_reason(const std::exception_ptr& thrown) {
  try {
    std::rethrow_exception(thrown);
  } catch (const std::exception& problem) {
    return caf::make_error(caf::sec::runtime_error, problem.what());
  } catch (...) {
    return caf::make_error(caf::sec::runtime_error, "an unknown exception");
  }
}

using epoch_record_ptr = std::shared_ptr<const epoch_record>;
using run_report_ptr = std::shared_ptr<const run_report>;

}  // namespace sounder::actors

CAF_ALLOW_UNSAFE_MESSAGE_TYPE(sounder::actors::job_ptr)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(sounder::actors::leg_result)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(sounder::actors::evaluation_ptr)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(sounder::actors::progress_report)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(sounder::actors::epoch_record_ptr)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(sounder::actors::run_report_ptr)

#pragma once

// All messages between actors. Local ones carry pointers and never leave the
// process: CAF refuses to serialise them.

#include <chrono>
#include <cstdint>
#include <exception>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include <caf/all.hpp>

#include "actors/parameters.hpp"
#include "actors/plan/run_report.hpp"
#include "actors/plan/schedule.hpp"
#include "actors/sync/target.hpp"

namespace sounder::actors {

// run -> replica: walk to the end of this epoch (numbered from the run's
// start), on another node with these step sizes; answered with phase_result,
// with a snapshot or without.
using advance_atom = caf::atom_constant<caf::atom("advance")>;
// run -> replica or evaluator: help to evaluate a snapshot; answered when
// nothing of it is left to claim.
using evaluate_atom = caf::atom_constant<caf::atom("evaluate")>;
// replica -> worker: a job; and worker -> itself: its next piece.
using work_atom = caf::atom_constant<caf::atom("work")>;
// worker -> replica: nothing left of the job.
using done_atom = caf::atom_constant<caf::atom("done")>;
// a signal -> who waits for it: something has changed; or to itself: later.
using again_atom = caf::atom_constant<caf::atom("again")>;
// door -> door: a ring's token comes to a member.
using token_atom = caf::atom_constant<caf::atom("token")>;
// door -> postman: a letter is in its box.
using delivered_atom = caf::atom_constant<caf::atom("delivered")>;
// serve() -> node: the port that was found.
using listen_atom = caf::atom_constant<caf::atom("listen")>;
// serve() -> node: end, but let the run at work end before.
using leave_atom = caf::atom_constant<caf::atom("leave")>;
// leader -> node: do you have samples of your own (with the leader's protocol
// number); what shall be run; samples for it; who walks what when: open the
// doors; connect to the others'; go on to the end of the phase and stop; what
// the links have seen; be free again.
using hello_atom = caf::atom_constant<caf::atom("hello")>;
using deploy_atom = caf::atom_constant<caf::atom("deploy")>;
using samples_atom = caf::atom_constant<caf::atom("samples")>;
using open_atom = caf::atom_constant<caf::atom("open")>;
using connect_atom = caf::atom_constant<caf::atom("connect")>;
using halt_atom = caf::atom_constant<caf::atom("halt")>;
using links_atom = caf::atom_constant<caf::atom("links")>;
using release_atom = caf::atom_constant<caf::atom("release")>;
// anybody -> node: what runs there, as JSON.
using status_atom = caf::atom_constant<caf::atom("status")>;
// run -> hub of another node, or a replica at rest: its parameters.
using snapshot_atom = caf::atom_constant<caf::atom("snapshot")>;
// whoever interrupts -> run.
using interrupt_atom = caf::atom_constant<caf::atom("interrupt")>;
// run -> itself: somebody was lost some moments ago.
using lost_atom = caf::atom_constant<caf::atom("lost")>;
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

template <class Inspector>
typename Inspector::result_type inspect(Inspector& f, step_table& x) {
  return f(caf::meta::type_name("step_table"), x.first, x.ends, x.sizes);
}

/// What a replica answers to `advance`.
struct phase_result {
  std::uint64_t begin_ns = 0;  // by the steady clock of its machine
  std::uint64_t end_ns = 0;
  std::uint64_t samples = 0;  // of this replica since the run's start
  exact_double step_size;     // of the last chunk
  bool is_complete = true;
  exact_double computing;  // seconds: where the time went
  exact_double exchanging;
  exact_double waiting;
  std::string lost;               // whom, when that is why it is not complete
  actors::parameters parameters;  // if asked for
};

template <class Inspector>
typename Inspector::result_type inspect(Inspector& f, phase_result& x) {
  return f(caf::meta::type_name("phase_result"), x.begin_ns, x.end_ns,
           x.samples, x.step_size, x.is_complete, x.computing, x.exchanging,
           x.waiting, x.lost, x.parameters);
}

class evaluation;
class job;
using evaluation_ptr = std::shared_ptr<evaluation>;
using job_ptr = std::shared_ptr<job>;

/// Who is at work in a replica, for the watch and its message.
struct progress_report {
  std::uint64_t progress = 0;
  std::vector<std::uint32_t> busy;  // workers that have not left the job
  std::string waits_for;            // said by a replica that waits for others
};

template <class Inspector>
typename Inspector::result_type inspect(Inspector& f, progress_report& x) {
  return f(caf::meta::type_name("progress_report"), x.progress, x.busy,
           x.waits_for);
}

/// What samples a node has for a run.
enum class holding : std::uint8_t {
  nothing,  // the leader sends it its replicas'
  whole,    // the leader's data set
  part,     // others, which its replicas share
};

struct samples_held {
  holding what = holding::nothing;
  std::uint64_t rows = 0;  // of a part
  std::uint64_t nonzeros = 0;
};

template <class Inspector>
typename Inspector::result_type inspect(Inspector& f, samples_held& x) {
  return f(caf::meta::type_name("samples_held"), x.what, x.rows, x.nonzeros);
}

/// What nodes have opened for each other, by place.
struct opened_doors {
  std::map<std::string, caf::actor> doors;     // for letters and tokens
  std::map<std::string, std::uint16_t> wires;  // ports for streams

  /// With those of others.
  void add(const opened_doors& others) {
    doors.insert(others.doors.begin(), others.doors.end());
    wires.insert(others.wires.begin(), others.wires.end());
  }
};

template <class Inspector>
typename Inspector::result_type inspect(Inspector& f, opened_doors& x) {
  return f(caf::meta::type_name("opened_doors"), x.doors, x.wires);
}

/// The replicas that a node runs.
struct replica_list {
  std::vector<std::uint32_t> numbers;
  std::vector<caf::actor> actors;
};

template <class Inspector>
typename Inspector::result_type inspect(Inspector& f, replica_list& x) {
  return f(caf::meta::type_name("replica_list"), x.numbers, x.actors);
}

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

/// Whether an actor ended like that: others were told to, or have lost their
/// connection.
inline bool is_failure(const caf::error& reason) {
  return reason && (reason.category() != caf::atom("exit") ||
                    reason == caf::exit_reason::unhandled_exception);
}

/// What an error says, for people.
inline std::string words_of(const caf::actor_system& system,
                            const caf::error& problem) {
  if (problem.context().match_elements<std::string>()) {
    return problem.context().get_as<std::string>(0);
  }
  return problem == caf::exit_reason::user_shutdown ? "it was told to end"
                                                    : system.render(problem);
}

using epoch_record_ptr = std::shared_ptr<const epoch_record>;
using run_report_ptr = std::shared_ptr<const run_report>;

}  // namespace sounder::actors

CAF_ALLOW_UNSAFE_MESSAGE_TYPE(sounder::actors::job_ptr)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(sounder::actors::letter)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(sounder::actors::evaluation_ptr)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(sounder::actors::epoch_record_ptr)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(sounder::actors::run_report_ptr)

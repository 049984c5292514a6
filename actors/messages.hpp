#pragma once

// What actors may say to each other: the messages, and the interface of each
// actor, which the compiler checks. Local messages carry pointers and never
// leave the process: CAF refuses to serialise them.

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include <caf/all.hpp>

#include "actors/parameters.hpp"
#include "actors/plan/dealing.hpp"
#include "actors/plan/run_report.hpp"
#include "actors/plan/schedule.hpp"
#include "actors/sync/target.hpp"

namespace sounder::actors {

// The names of messages; what each means is said where it is taken in, below.
using advance_atom = caf::atom_constant<caf::atom("advance")>;
using again_atom = caf::atom_constant<caf::atom("again")>;
using close_atom = caf::atom_constant<caf::atom("close")>;
using connect_atom = caf::atom_constant<caf::atom("connect")>;
using deploy_atom = caf::atom_constant<caf::atom("deploy")>;
using done_atom = caf::atom_constant<caf::atom("done")>;
using evaluate_atom = caf::atom_constant<caf::atom("evaluate")>;
using halt_atom = caf::atom_constant<caf::atom("halt")>;
using hello_atom = caf::atom_constant<caf::atom("hello")>;
using interrupt_atom = caf::atom_constant<caf::atom("interrupt")>;
using keep_atom = caf::atom_constant<caf::atom("keep")>;
using leave_atom = caf::atom_constant<caf::atom("leave")>;
using links_atom = caf::atom_constant<caf::atom("links")>;
using listen_atom = caf::atom_constant<caf::atom("listen")>;
using lost_atom = caf::atom_constant<caf::atom("lost")>;
using open_atom = caf::atom_constant<caf::atom("open")>;
using progress_atom = caf::atom_constant<caf::atom("progress")>;
using record_atom = caf::atom_constant<caf::atom("record")>;
using release_atom = caf::atom_constant<caf::atom("release")>;
using resume_atom = caf::atom_constant<caf::atom("resume")>;
using samples_atom = caf::atom_constant<caf::atom("samples")>;
using snapshot_atom = caf::atom_constant<caf::atom("snapshot")>;
using start_atom = caf::atom_constant<caf::atom("start")>;
using status_atom = caf::atom_constant<caf::atom("status")>;
using watch_atom = caf::atom_constant<caf::atom("watch")>;
using work_atom = caf::atom_constant<caf::atom("work")>;

template <class Inspector>
typename Inspector::result_type inspect(Inspector& f, step_table& x) {
  return f(caf::meta::type_name("step_table"), x.first, x.ends, x.sizes);
}

template <class Inspector>
typename Inspector::result_type inspect(Inspector& f, phase_range& x) {
  return f(caf::meta::type_name("phase_range"), x.way, x.first, x.last);
}

/// What a replica is to walk up to an epoch's end.
struct assignment {
  std::vector<phase_range> parts;  // in this order; none: all of its own way
  /// By way, its own among them, for where the plan's rule is not at hand.
  std::map<std::uint32_t, step_table> steps;
  /// At its end others look at what the replica has come to: all that it has
  /// sent is delivered before.
  bool at_goal = true;
};

template <class Inspector>
typename Inspector::result_type inspect(Inspector& f, assignment& x) {
  return f(caf::meta::type_name("assignment"), x.parts, x.steps, x.at_goal);
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

/// Where nodes take streams in, by place.
struct opened_ports {
  std::map<std::string, std::uint16_t> ports;

  /// With those of others.
  void add(const opened_ports& others) {
    ports.insert(others.ports.begin(), others.ports.end());
  }
};

template <class Inspector>
typename Inspector::result_type inspect(Inspector& f, opened_ports& x) {
  return f(caf::meta::type_name("opened_ports"), x.ports);
}

using epoch_record_ptr = std::shared_ptr<const epoch_record>;
using run_report_ptr = std::shared_ptr<const run_report>;
using blocking_work = std::shared_ptr<const std::function<void()>>;

/// Who has parameters of its own:
///   snapshot  tells them: a hub at any time, a replica at rest
///   keep      tells all that changes of it, when all are at rest
///   resume    before anybody walks: goes on from that, or, where there is
///             none, from the start of this epoch with the parameters that it
///             has; answered with the samples stepped on so far
using hub_actor =
    caf::typed_actor<caf::replies_to<snapshot_atom>::with<parameters>,
                     caf::replies_to<keep_atom>::with<std::vector<char>>,
                     caf::replies_to<resume_atom, std::uint32_t,
                                     std::vector<char>>::with<std::uint64_t>>;

/// The token of a ring, as far as it comes to this process:
///   status  which member here has it, or none, and how often it was passed on
///           from here
using token_actor = caf::typed_actor<
    caf::replies_to<status_atom>::with<std::string, std::uint64_t>>;

/// Who helps to evaluate a snapshot; answers when nothing of it is left to
/// claim.
using evaluator_actor = caf::typed_actor<
    caf::replies_to<evaluate_atom, evaluation_ptr>::with<bool>>;

/// A replica, for the run: evaluates, does what a hub does, and
///   advance   walk to the end of this epoch (numbered from the run's start),
///             what is assigned of it; answered with a snapshot or without
///   progress  how far, who is still at work, whom it waits for
using replica_actor = hub_actor::extend<
    caf::replies_to<advance_atom, std::uint64_t, assignment,
                    bool>::with<phase_result>,
    caf::replies_to<evaluate_atom, evaluation_ptr>::with<bool>,
    caf::replies_to<progress_atom>::with<progress_report>>;

/// A replica, for its workers:
///   done  nothing is left of the job for this worker
using worker_owner = caf::typed_actor<caf::reacts_to<done_atom, std::uint32_t>>;

/// All of a replica.
using whole_replica = replica_actor::extend_with<worker_owner>;

/// A worker, for its replica, and to itself:
///   work  a job; its next piece
using worker_actor = caf::typed_actor<caf::reacts_to<work_atom, job_ptr>>;

/// The recorder, for the run:
///   record  of an epoch
///   close   no more of them; answered when all were observed
using recorder_actor =
    caf::typed_actor<caf::reacts_to<record_atom, epoch_record_ptr>,
                     caf::replies_to<close_atom>::with<bool>>;

/// The run, for whoever starts or interrupts it:
///   start      answered with the report
///   interrupt  end where you are
using run_actor =
    caf::typed_actor<caf::replies_to<start_atom>::with<run_report_ptr>,
                     caf::reacts_to<interrupt_atom>>;

/// The run, with what it says to itself:
///   lost   somebody was lost some moments ago
///   again  time to see whether somebody is overdue
///   watch  time to see whether anybody got anywhere
using whole_run =
    run_actor::extend<caf::reacts_to<lost_atom>, caf::reacts_to<again_atom>,
                      caf::reacts_to<watch_atom>>;

/// Does what may block, in a thread of its own, for who must not:
///   work  answered when it is done, or with what it throws
using offload_actor =
    caf::typed_actor<caf::replies_to<work_atom, blocking_work>::with<bool>>;

/// Somebody in the leader's process whom nodes watch: it ends with the run.
using leader_actor = caf::typed_actor<caf::reacts_to<release_atom>>;

/// The replicas and hubs that a node runs, by number.
struct replica_list {
  std::map<std::uint32_t, replica_actor> replicas;
  std::map<std::uint32_t, hub_actor> hubs;
};

template <class Inspector>
typename Inspector::result_type inspect(Inspector& f, replica_list& x) {
  return f(caf::meta::type_name("replica_list"), x.replicas, x.hubs);
}

/// A node, for leaders, but `status` for anybody:
///   hello    do you have samples of your own (with the protocol number)
///   deploy   what shall be run; answered with what samples it has for that
///   samples  for a replica: so many bytes in all, and some of them
///   open     who walks what when: open a port for streams
///   connect  to the others' ports
///   halt     go on to the end of the phase and stop
///   links    what the links have seen, as JSON
///   release  be free again
///   status   what runs there, as JSON
using node_actor = caf::typed_actor<
    caf::replies_to<hello_atom, std::uint32_t>::with<samples_held>,
    caf::replies_to<deploy_atom, leader_actor, std::vector<char>,
                    parameters>::with<samples_held>,
    caf::replies_to<samples_atom, std::uint32_t, std::uint64_t,
                    std::vector<char>>::with<bool>,
    caf::replies_to<open_atom, std::vector<char>>::with<opened_ports>,
    caf::replies_to<connect_atom, opened_ports>::with<replica_list>,
    caf::reacts_to<halt_atom>, caf::replies_to<links_atom>::with<std::string>,
    caf::replies_to<release_atom>::with<bool>,
    caf::replies_to<status_atom>::with<std::string>>;

/// A node, for the process that it is, and to itself:
///   listen  the port that was found
///   leave   end, but let the run at work end before
///   again   it has had its time
///   close   end now
using whole_node =
    node_actor::extend<caf::reacts_to<listen_atom, std::uint16_t>,
                       caf::reacts_to<leave_atom>, caf::reacts_to<again_atom>,
                       caf::reacts_to<close_atom>>;

}  // namespace sounder::actors

CAF_ALLOW_UNSAFE_MESSAGE_TYPE(sounder::actors::blocking_work)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(sounder::actors::job_ptr)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(sounder::actors::evaluation_ptr)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(sounder::actors::epoch_record_ptr)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(sounder::actors::run_report_ptr)

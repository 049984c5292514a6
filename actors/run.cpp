#include "actors/run.hpp"

#include <algorithm>
#include <utility>

#include "actors/pace.hpp"
#include "actors/recorder.hpp"
#include "actors/replica.hpp"
#include "actors/start_loss.hpp"

namespace sounder::actors {

namespace {

using self_ptr = caf::stateful_actor<run_state>*;

/// Snapshots that may wait for the evaluator before workers wait too.
constexpr unsigned most_evaluating = 2;

void advance(self_ptr self);
void send_on(self_ptr self, std::size_t k);
void come_home(run_state& state, std::size_t k);
void evaluate_next(self_ptr self);
void close_short(self_ptr self, const parameters_ptr& model);

/// Lets the recorder finish, then answers; happens once.
void finish(self_ptr self, stop_reason reason, std::string message = {}) {
  run_state& state = self->state;
  if (std::exchange(state.finished, true)) {
    return;
  }
  state.stop_source.request_stop();
  state.report.stop_reason = reason;
  state.report.message = std::move(message);
  state.report.total_s = state.seconds_since_start();
  for (const auto& meter : state.meters) {
    if (meter->latency_ns.count() > 0) {
      state.report.links.push_back(meter->record());
    }
  }
  const auto answer = [self] {
    self->state.answer.deliver(
        std::make_shared<const run_report>(std::move(self->state.report)));
    // Not a normal exit: that would leave the linked actors running.
    self->quit(caf::exit_reason::user_shutdown);
  };
  self->request(state.recorder, std::chrono::seconds(10), close_atom::value)
      .then([=](bool) { answer(); }, [=](caf::error&) { answer(); });
}

/// Someone the run cannot do without is gone: so is the run. Whoever started
/// it gets to know why; without an answer it would wait for ever.
void break_off(self_ptr self, const caf::error& reason) {
  run_state& state = self->state;
  if (std::exchange(state.finished, true)) {
    return;
  }
  state.stop_source.request_stop();
  state.answer.deliver(reason);
  self->quit(reason);
}

/// Calls then() with the parameters of these, in their order.
void with_snapshots(
    self_ptr self, const std::vector<caf::actor>& whose,
    const std::function<void(const std::vector<parameters>&)>& then) {
  const auto found = std::make_shared<std::vector<parameters>>(whose.size());
  const auto left = std::make_shared<std::size_t>(whose.size());
  if (whose.empty()) {
    then(*found);
    return;
  }
  for (std::size_t k = 0; k < whose.size(); ++k) {
    self->request(whose[k], self->state.plan.stall_deadline,
                  snapshot_atom::value)
        .then([=](const parameters& w) {
          (*found)[k] = w;
          if (--*left == 0 && !self->state.finished) {
            then(*found);
          }
        });
  }
}

template <class Part>
std::vector<caf::actor> actors_of(const std::vector<Part>& parts) {
  std::vector<caf::actor> all;
  for (const Part& each : parts) {
    all.push_back(each.actor);
  }
  return all;
}

/// Ends a run that was stopped within an epoch, once the epochs before it
/// have their records and everybody has come home.
void end_if_cut_short(self_ptr self) {
  run_state& state = self->state;
  const bool all_home =
      std::none_of(state.replicas.begin(), state.replicas.end(),
                   [](const stepping_replica& r) { return r.walking; });
  if (state.cut_short && state.cut_short != stop_reason::peer_lost &&
      state.evaluating.empty() && all_home) {
    for (std::size_t k = 0; k < state.replicas.size(); ++k) {
      if (state.replicas[k].began_ns) {
        come_home(state, k);
      }
    }
    if (!state.arriving.empty()) {
      state.add_time(state.arriving.front());
    }
    std::vector<caf::actor> makers = actors_of(state.remote_hubs);
    if (!state.has_hub()) {
      makers = actors_of(state.replicas);
    }
    with_snapshots(self, makers, [=](const std::vector<parameters>& found) {
      close_short(self, self->state.model_of(found));
    });
  }
}

/// The model of a run that was stopped within an epoch: evaluated like any
/// other, unless somebody waits at the keyboard and it would take long.
void close_short(self_ptr self, const parameters_ptr& model) {
  run_state& state = self->state;
  state.report.parameters = *model;
  const auto within = static_cast<unsigned>(
      state.report.samples / std::max<std::size_t>(state.epoch_shape.rows, 1) +
      1);
  state.closing = "stopped within epoch " + std::to_string(within);
  if (state.cut_short == stop_reason::interrupted &&
      !evaluates_in_a_moment(state.plan, state.train_set, state.test_set)) {
    finish(self, *state.cut_short,
           state.closing + "; the model is newer than the last evaluation");
    return;
  }
  epoch_record record;
  record.epoch = within;
  record.batch_size = batch_of(state.plan, within - 1);
  record.train_s = state.report.train_s;
  record.samples = state.report.samples;
  record.nonzeros = state.epoch_shape.nonzeros * (within - 1);
  record.step_size = state.plan.step_size(within - 1.0);
  state.awaiting.push_back(record);
  state.evaluating.push_back(std::make_shared<evaluation>(
      state.plan.objective, state.train_set, state.test_set, model));
  evaluate_next(self);
}

/// All evaluators have left: the oldest evaluation is complete.
void evaluated(self_ptr self) {
  run_state& state = self->state;
  const evaluation_result found = state.evaluating.front()->result();
  state.take(found);
  ++state.goals_evaluated;
  self->send(state.recorder, record_atom::value,
             std::make_shared<const epoch_record>(state.report.epochs.back()));
  const bool closes = !state.closing.empty();
  const auto reason = closes ? state.cut_short : state.verdict();
  if (!found.is_finite || state.has_diverged(reason.has_value())) {
    finish(self, stop_reason::diverged, state.divergence_advice());
  } else if (reason) {
    finish(self, *reason, state.closing);
  } else {
    evaluate_next(self);
    advance(self);
    end_if_cut_short(self);
  }
}

/// Puts the evaluators to the oldest evaluation.
void evaluate_next(self_ptr self) {
  run_state& state = self->state;
  if (state.evaluating.empty() || state.evaluators_at_work > 0) {
    return;
  }
  state.evaluators_at_work = state.evaluators.size();
  for (const caf::actor& evaluator : state.evaluators) {
    self->request(evaluator, caf::infinite, evaluate_atom::value,
                  state.evaluating.front())
        .then([=](bool) {
          run_state& s = self->state;
          if (--s.evaluators_at_work == 0 && !s.finished) {
            evaluated(self);
          }
        });
  }
}

/// All replicas have reached the oldest goal: begins its record.
void reached(self_ptr self) {
  run_state& state = self->state;
  const goal_results at = std::move(state.arriving.front());
  state.arriving.pop_front();
  ++state.goals_reached;
  epoch_record record;
  record.epoch = state.epoch_of(state.goals_reached);
  record.batch_size = batch_of(state.plan, record.epoch - 1);
  state.add_time(at);
  record.train_s = state.report.train_s;
  for (const leg_result& leg : at.legs) {
    record.samples += leg.samples;
    record.step_size = std::max(record.step_size, leg.step_size.value);
  }
  record.nonzeros = state.epoch_shape.nonzeros * record.epoch;
  state.awaiting.push_back(record);
  const auto evaluate = [=](const std::vector<parameters>& makers) {
    run_state& s = self->state;
    s.evaluating.push_back(std::make_shared<evaluation>(
        s.plan.objective, s.train_set, s.test_set, s.model_of(makers)));
    evaluate_next(self);
  };
  if (state.has_hub()) {
    with_snapshots(self, actors_of(state.remote_hubs), evaluate);
    return;
  }
  std::vector<parameters> makers;
  for (const leg_result& leg : at.legs) {
    makers.push_back(leg.parameters);
  }
  evaluate(makers);
}

/// Everybody shall come home.
void halt(self_ptr self) {
  self->state.stop_source.request_stop();
  for (const member_node& node : self->state.nodes) {
    self->send(node.actor, halt_atom::value);
  }
}

/// A replica has come home before its goal.
void break_short(self_ptr self) {
  run_state& state = self->state;
  if (!state.cut_short) {
    state.cut_short = state.plan.interrupt.stop_requested()
                          ? stop_reason::interrupted
                          : stop_reason::time_spent;
    halt(self);  // who waits for it need not
  }
}

/// A replica could not go on without a node. If that is gone, the run is told
/// so within moments, and says that instead.
void lose(self_ptr self, const stepping_replica& at, const std::string& whom) {
  constexpr std::chrono::milliseconds moments(500);
  run_state& state = self->state;
  if (state.lost.empty()) {
    state.lost = at.home + ": " + whom;
    state.cut_short = stop_reason::peer_lost;
    halt(self);
    self->delayed_send(self, moments, lost_atom::value);
  }
}

/// A replica rests for good, or at its goal.
void come_home(run_state& state, std::size_t k) {
  stepping_replica& replica = state.replicas[k];
  replica.began_ns.reset();
  const std::size_t ahead = replica.goals_reached - state.goals_reached;
  if (state.arriving.size() <= ahead) {
    state.arriving.resize(ahead + 1);
  }
  goal_results& at = state.arriving[ahead];
  at.legs.resize(state.replicas.size());
  at.legs[k] = replica.last;
  ++at.arrived;
}

void walked(self_ptr self, std::size_t k, const leg_result& leg) {
  run_state& state = self->state;
  stepping_replica& replica = state.replicas[k];
  replica.walking = false;
  if (state.finished) {
    return;
  }
  state.report.times +=
      {leg.computing.value, leg.exchanging.value, leg.waiting.value};
  state.report.samples += leg.samples - replica.last.samples;
  replica.last = leg;
  replica.last.begin_ns = replica.began_ns.value_or(leg.begin_ns);
  if (leg.is_complete && !state.cut_short &&
      replica.epochs_walked < state.epoch_of(replica.goals_reached + 1)) {
    replica.began_ns = replica.last.begin_ns;
    advance(self);
    return;
  }
  come_home(state, k);
  if (!leg.lost.empty()) {
    lose(self, replica, leg.lost);
  }
  if (!leg.is_complete || state.cut_short) {
    break_short(self);
    end_if_cut_short(self);
    return;
  }
  ++replica.goals_reached;
  if (state.arriving.front().arrived == state.replicas.size()) {
    reached(self);
  }
  advance(self);
}

/// Step sizes travel as numbers: rules are code.
void send_on(self_ptr self, std::size_t k) {
  stepping_replica& replica = self->state.replicas[k];
  const unsigned from =
      std::exchange(replica.epochs_walked, self->state.next_stop(replica));
  const std::uint64_t to = replica.epochs_walked;
  replica.walked_from = from;
  replica.walking = true;
  const run_state& state = self->state;
  // Taken on arrival: the replica may go on at once.
  const bool with_snapshot =
      !state.has_hub() && to == state.epoch_of(replica.goals_reached + 1);
  self->request(replica.actor, caf::infinite, advance_atom::value, to,
                replica.is_here
                    ? step_table{}
                    : steps_of(replica.cut, state.plan.step_size, from, to),
                with_snapshot)
      .then([=](const leg_result& leg) { walked(self, k, leg); });
}

/// Sends replicas on, unless they are walking, or have nothing left, or the
/// evaluation or another replica is behind.
void advance(self_ptr self) {
  run_state& state = self->state;
  if (state.finished || state.cut_short) {
    return;
  }
  const unsigned allowed = state.concurrent ? most_evaluating : 1;
  const unsigned slowest = state.epochs_of_slowest();
  for (std::size_t k = 0; k < state.replicas.size(); ++k) {
    const stepping_replica& replica = state.replicas[k];
    if (replica.walking || replica.goals_reached >= state.goals() ||
        replica.goals_reached - state.goals_evaluated >= allowed ||
        replica.epochs_walked - slowest > state.stride) {
      continue;
    }
    send_on(self, k);
  }
}

/// Ends the run when a node is gone, and passes interrupts on to the nodes.
void watch_nodes(self_ptr self) {
  run_state& state = self->state;
  if (state.nodes.empty()) {
    return;
  }
  for (const member_node& node : state.nodes) {
    self->monitor(node.actor);
  }
  self->set_down_handler([=](const caf::down_msg& gone) {
    for (const member_node& node : self->state.nodes) {
      if (node.actor.address() == gone.source) {
        halt(self);
        finish(self, stop_reason::peer_lost,
               "node " + node.address.text() + " is gone (" +
                   self->system().render(gone.reason) + ")");
      }
    }
  });
  const auto me = caf::actor_cast<caf::actor_addr>(self);
  state.on_interrupt =
      std::make_unique<std::stop_callback<std::function<void()>>>(
          state.plan.interrupt, [me] {
            if (const auto alive = caf::actor_cast<caf::actor>(me)) {
              caf::anon_send(alive, interrupt_atom::value);
            }
          });
}

/// Ends a run in which nothing has moved for too long.
void watch(self_ptr self) {
  run_state& state = self->state;
  std::uint64_t progress = 0;
  for (const progress_report& seen : state.seen) {
    progress += seen.progress;
  }
  for (const auto& work : state.evaluating) {
    progress += work->progress();
  }
  const auto now = run_state::clock::now();
  if (progress != state.last_progress) {
    state.last_progress = progress;
    state.last_moved = now;
  }
  const auto still = std::chrono::duration_cast<std::chrono::milliseconds>(
      now - state.last_moved);
  if (still >= state.plan.stall_deadline) {
    finish(self, stop_reason::stalled,
           "no progress for " + std::to_string(still.count()) + " ms, " +
               state.whom());
  }
}

void schedule_watch(self_ptr self) {
  self->delayed_send(self, self->state.plan.stall_deadline / 4,
                     watch_atom::value);
}

/// Asks everybody, then looks.
void start_watch(self_ptr self) {
  run_state& state = self->state;
  state.seen.assign(state.replicas.size(), {});
  const auto left = std::make_shared<std::size_t>(state.replicas.size());
  for (std::size_t k = 0; k < state.replicas.size(); ++k) {
    // No answer is an answer, too: the node may be stuck or gone.
    self->request(state.replicas[k].actor, state.plan.stall_deadline,
                  progress_atom::value)
        .then(
            [=](const progress_report& seen) {
              self->state.seen[k] = seen;
              if (--*left == 0) {
                watch(self);
              }
            },
            [=](const caf::error&) {
              self->state.seen[k].waits_for =
                  self->state.replicas[k].name + " does not answer";
              if (--*left == 0) {
                watch(self);
              }
            });
  }
}

/// The workers here, while they pause, and one more on each core that is idle.
void find_evaluators(self_ptr self) {
  run_state& state = self->state;
  if (!state.concurrent) {
    for (const stepping_replica& each : state.replicas) {
      if (each.is_here) {
        state.evaluators.push_back(each.actor);
      }
    }
  }
  const unsigned least = state.evaluators.empty() ? 1 : 0;
  const unsigned idle = idle_cores(state.plan, state.concurrent);
  for (unsigned k = 0; k < std::max(idle, least); ++k) {
    state.evaluators.push_back(
        self->spawn<caf::linked + caf::detached>(evaluator));
  }
}

}  // namespace

caf::behavior run(self_ptr self, training_plan plan, deployed_graph deployed,
                  kernels::dataset train_set, kernels::dataset test_set,
                  epoch_observer observer) {
  self->set_exception_handler(as_exit_reason);
  self->set_exit_handler(
      [=](const caf::exit_msg& gone) { break_off(self, gone.reason); });
  self->set_error_handler(
      [=](caf::error& problem) { break_off(self, problem); });
  run_state& state = self->state;
  state.plan = std::move(plan);
  state.plan.stall_deadline = deadline_of(state.plan, deployed.shape);
  state.train_set = std::move(train_set);
  state.start_loss =
      loss_at_start(*state.plan.objective, state.train_set, state.plan.seed);
  state.test_set = std::move(test_set);
  state.nodes = deployed.fleet.nodes;
  state.epoch_shape = deployed.shape;
  state.report.epoch_samples = deployed.shape.rows;
  state.report.parts = deployed.parts;
  state.meters = deployed.here.meters;
  state.started = run_state::clock::now();
  state.last_moved = state.started;
  state.concurrent = evaluates_concurrently(state.plan);
  for (std::size_t i = 0; i < deployed.here.replicas.size(); ++i) {
    wired_replica& each = deployed.here.replicas[i];
    if (each.is_here) {
      each.setup->stop = state.stop_source.get_token();
    }
    if (each.is_hub && each.is_here) {
      state.hubs.push_back({each.memory, {}, each.setup->holds.first});
    } else if (each.is_hub) {
      state.remote_hubs.push_back({nullptr, deployed.elsewhere.at(i),
                                   segment_held(state.plan, i).first});
    } else {
      stepping_replica stepping;
      stepping.name = each.name;
      stepping.is_here = each.is_here;
      stepping.cut = each.is_here ? each.setup->cut : deployed.cuts.at(i);
      stepping.home = state.home_of(state.plan.graph.replicas[i].place);
      stepping.actor = each.is_here
                           ? caf::actor(self->spawn<caf::linked>(replica, each))
                           : deployed.elsewhere.at(i);
      state.replicas.push_back(std::move(stepping));
    }
  }
  // Within a process they look at each other themselves.
  if (!state.nodes.empty()) {
    state.stride = stride_of(state.replicas.front().cut, state.replicas.size());
  }
  watch_nodes(self);
  if (state.plan.deterministic) {
    state.recorder = self->spawn<caf::linked>(recorder, std::move(observer));
  } else {
    state.recorder =
        self->spawn<caf::linked + caf::detached>(recorder, observer);
  }
  find_evaluators(self);
  return {
      [=](start_atom) -> caf::result<run_report_ptr> {
        self->state.answer = self->make_response_promise();
        if (!self->state.plan.deterministic) {
          schedule_watch(self);
        }
        advance(self);
        return caf::delegated<run_report_ptr>();
      },
      [=](interrupt_atom) { halt(self); },
      [=](lost_atom) {
        finish(self, stop_reason::peer_lost, self->state.lost);
      },
      [=](watch_atom) {
        start_watch(self);
        schedule_watch(self);
      },
  };
}

}  // namespace sounder::actors

#include "actors/run/run.hpp"

#include <algorithm>
#include <utility>

#include "actors/exit_reasons.hpp"
#include "actors/node/offload.hpp"
#include "actors/run/recorder.hpp"
#include "actors/run/run_checkpoint.hpp"
#include "actors/run/run_ending.hpp"
#include "actors/run/run_parts.hpp"
#include "actors/run/run_watch.hpp"
#include "kernels/data/pack.hpp"

namespace sounder::actors {

namespace {

/// Snapshots that may wait for the evaluator before workers wait too.
constexpr unsigned most_evaluating = 2;

bool send_on(run_ptr self, std::size_t k);

/// All evaluators have left: the oldest evaluation is complete.
void evaluated(run_ptr self) {
  run_state& state = self->state;
  const evaluation_result found = state.evaluating.front()->result();
  state.take(found);
  ++state.goals_evaluated;
  self->send(state.recorder, record_atom::value,
             std::make_shared<const epoch_record>(state.report.epochs.back()));
  const bool closes = !state.closing.empty();
  const auto reason = closes ? state.cut_short : state.verdict();
  const bool interrupted = closes && reason == stop_reason::interrupted;
  if (!found.is_finite ||
      (!interrupted && state.has_diverged(reason.has_value()))) {
    finish(self, stop_reason::diverged, state.divergence_advice());
  } else if (reason) {
    take_last_checkpoint(self,
                         [=] { finish(self, *reason, self->state.closing); });
  } else {
    complete_checkpoint(self);
    evaluate_next(self);
    take_checkpoint_if_due(self);
    advance(self);
    end_if_cut_short(self);
  }
}

}  // namespace

void evaluate_next(run_ptr self) {
  run_state& state = self->state;
  if (state.evaluating.empty() || state.evaluators_at_work > 0) {
    return;
  }
  state.evaluators_at_work = state.evaluators.size();
  for (const evaluator_actor& evaluator : state.evaluators) {
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

namespace {

void evaluate(run_ptr self, const std::vector<parameters>& makers) {
  run_state& state = self->state;
  state.evaluating.push_back(
      std::make_shared<evaluation>(state.plan->objective, state.train_set,
                                   state.test_set, state.model_of(makers)));
  evaluate_next(self);
}

/// For what they are at the goal just reached.
void ask_makers(run_ptr self) {
  run_state& state = self->state;
  state.asks_makers = true;
  const auto round = with_snapshots(
      self, state.makers(), state.stall_deadline,
      [=](const std::vector<parameters>& makers) {
        self->state.asks_makers = false;
        self->state.asking = nullptr;
        evaluate(self, makers);
        advance(self);
      },
      [=](const caf::error& problem) {
        lose(self,
             std::string(self->state.has_hub() ? "a hub" : "a replica") +
                 " does not tell its parameters (" +
                 words_of(self->system(), problem) + ")",
             false);
      });
  const bool is_last = state.goals_reached == state.goals();
  if (!state.has_hub() && !is_last && !round->is_closed()) {
    state.asking = round;  // nobody is left out of the last one
  }
}

/// Those who do not tell are left out; where nobody else was there to be asked,
/// those who have come meanwhile are.
void look_at_asked(run_ptr self) {
  run_state& state = self->state;
  const auto round = state.asking;
  if (!round || !round->is_overdue()) {
    return;
  }
  if (round->told() > 0) {
    round->close();
  } else if (state.makers().size() > round->asked()) {
    round->drop();
    ask_makers(self);
  }
}

/// All replicas have reached the oldest goal: begins its record.
void reached(run_ptr self) {
  run_state& state = self->state;
  const goal_results at = std::move(state.arriving.front());
  state.arriving.pop_front();
  ++state.goals_reached;
  epoch_record record;
  record.epoch = state.epoch_of(state.goals_reached);
  record.batch_size = batch_of(*state.plan, record.epoch - 1);
  state.add_time(at);
  record.train_s = state.report.train_s;
  for (std::size_t k = 0; k < at.phases.size(); ++k) {
    const phase_result& phase =
        at.phases[k].samples > 0 ? at.phases[k] : state.replicas[k].last;
    record.samples += phase.samples;
    record.step_size = std::max(record.step_size, phase.step_size.value);
  }
  record.nonzeros = state.epoch_shape.nonzeros * record.epoch;
  state.awaiting.push_back(record);
  if (state.has_hub() || state.all_rest_at(record.epoch)) {
    ask_makers(self);
    return;
  }
  std::vector<parameters> makers;
  for (const phase_result& phase : at.phases) {
    if (phase.parameters.values) {
      makers.push_back(phase.parameters);
    }
  }
  evaluate(self, makers);
}

void walked(run_ptr self, std::size_t k, const phase_result& phase) {
  run_state& state = self->state;
  stepping_replica& replica = state.replicas[k];
  replica.walking = false;
  replica.came_home = run_state::clock::now();
  if (state.finished) {
    return;
  }
  state.report.times +=
      {phase.computing.value, phase.exchanging.value, phase.waiting.value};
  state.report.samples += phase.samples - replica.last.samples;
  state.measure(replica);
  replica.last = phase;
  replica.last.begin_ns = replica.began_ns.value_or(phase.begin_ns);
  if (phase.is_complete && !state.cut_short &&
      replica.epochs_walked < state.epoch_of(replica.goals_reached + 1)) {
    replica.began_ns = replica.last.begin_ns;
    advance(self);
    return;
  }
  state.come_home(k);
  if (!phase.lost.empty() && !state.is_interrupted()) {
    lose(self, replica.home + ": " + phase.lost, false);
  }
  if (!phase.is_complete || state.cut_short) {
    break_short(self, replica);
    end_if_cut_short(self);
    return;
  }
  ++replica.goals_reached;
  if (state.is_next_goal_reached()) {
    reached(self);
  }
  take_checkpoint_if_due(self);
  advance(self);
}

/// False when nothing of the stride is for it, which it has behind it then.
bool send_on(run_ptr self, std::size_t k) {
  run_state& state = self->state;
  stepping_replica& replica = state.replicas[k];
  const unsigned to = state.deals
                          ? state.dealt_to(k).to
                          : state.next_stop(replica, replica.epochs_walked);
  assignment assigned = state.assign(k, to);
  replica.walked_from = std::exchange(replica.epochs_walked, to);
  if (state.deals && assigned.parts.empty()) {
    return false;
  }
  replica.walking = true;
  // Taken on arrival where the replica may go on at once. Where all rest, what
  // others send it until they have come is a part of it, too.
  const bool with_snapshot = !state.has_hub() && !state.all_rest_at(to) &&
                             to == state.epoch_of(replica.goals_reached + 1);
  self->request(replica.actor, caf::infinite, advance_atom::value,
                std::uint64_t{to}, std::move(assigned), with_snapshot)
      .then([=](const phase_result& phase) { walked(self, k, phase); },
            [](const caf::error&) {});  // what has ended it is heard of
  return true;
}

bool may_set_out(const run_state& state, const stepping_replica& replica,
                 unsigned slowest) {
  const unsigned allowed = state.concurrent ? most_evaluating : 1U;
  const unsigned ahead =
      replica.epochs_walked - std::min(slowest, replica.epochs_walked);
  const auto& rest_at = state.checkpoints.rest_at;
  return !replica.walking && replica.goals_reached < state.goals() &&
         (!rest_at || replica.epochs_walked < *rest_at) &&
         replica.goals_reached < state.goals_evaluated + allowed &&
         ahead <= state.lead();
}

}  // namespace

void advance(run_ptr self) {
  run_state& state = self->state;
  if (state.finished || state.cut_short || state.asks_makers) {
    return;
  }
  const unsigned slowest = state.epochs_of_slowest();
  for (std::size_t k = 0; k < state.replicas.size(); ++k) {
    while (may_set_out(state, state.replicas[k], slowest) &&
           !send_on(self, k)) {
    }
  }
}

namespace {

/// Somebody may have become overdue.
void look_again(run_ptr self) {
  run_state& state = self->state;
  if (state.finished || state.cut_short) {
    return;
  }
  look_at_asked(self);
  if (!state.asks_makers && state.is_next_goal_reached()) {
    reached(self);
  }
  take_checkpoint_if_due(self);
  advance(self);
}

void schedule_look(run_ptr self) {
  constexpr std::chrono::milliseconds a_while(50);
  self->delayed_send(self, a_while, again_atom::value);
}

}  // namespace

whole_run::behavior_type run(run_ptr self, plan_ptr plan,
                             deployed_graph deployed,
                             kernels::dataset train_set,
                             kernels::dataset test_set, epoch_observer observer,
                             checkpointing keeps) {
  self->set_exception_handler(as_exit_reason);
  self->set_exit_handler(
      [=](const caf::exit_msg& gone) { break_off(self, gone.reason); });
  self->set_error_handler(
      [=](caf::error& problem) { break_off(self, problem); });
  run_state& state = self->state;
  state.plan = std::move(plan);
  state.checkpoints.how = std::move(keeps);
  if (state.checkpoints.how.folder) {
    const auto& from = state.checkpoints.how.from;  // of the same samples
    state.checkpoints.samples_hash =
        from ? from->samples_hash : kernels::fingerprint(train_set);
  }
  state.stall_deadline = deadline_of(*state.plan, deployed.shape);
  state.train_set = std::move(train_set);
  state.start_loss = deployed.start_loss;
  state.test_set = std::move(test_set);
  state.nodes = deployed.cluster.nodes;
  state.helpers = deployed.cluster.helpers;
  state.epoch_shape = deployed.shape;
  state.report.epoch_samples = deployed.shape.rows;
  state.report.parts = deployed.parts;
  state.meters = deployed.here.meters;
  state.started = run_state::clock::now();
  state.last_moved = state.started;
  state.concurrent = evaluates_concurrently(*state.plan);
  start_replicas(self, deployed);
  // Within a process they look at each other themselves, but where the order of
  // all messages is fixed: it is to be that of epochs, whoever looks on.
  if (state.plan->deterministic) {
    state.stride.length = 1;
  } else if (!state.nodes.empty()) {
    state.deals = may_share_ways(*state.plan);
    const bool all_walk_all =
        state.deals && std::all_of(state.replicas.begin(), state.replicas.end(),
                                   [](const stepping_replica& each) {
                                     return each.knows_all_common &&
                                            each.has_common_samples;
                                   });
    state.stride = stride_of(*state.plan, state.replicas.front().cut,
                             state.replicas.size(), all_walk_all);
  }
  watch_nodes(self);
  if (state.plan->deterministic) {
    state.recorder = self->spawn<caf::linked>(recorder, std::move(observer));
    state.checkpoints.writer = self->spawn<caf::linked>(offload);
  } else {
    state.recorder =
        self->spawn<caf::linked + caf::detached>(recorder, observer);
    state.checkpoints.writer =
        self->spawn<caf::linked + caf::detached>(offload);
  }
  find_evaluators(self);
  return {
      [=](start_atom) {
        self->state.answer = self->make_response_promise<run_report_ptr>();
        if (!self->state.plan->deterministic) {
          schedule_watch(self);
        }
        if (self->state.deals) {
          schedule_look(self);
        }
        resume_from_checkpoint(self, [=] { advance(self); });
        return self->state.answer;
      },
      [=](interrupt_atom) { interrupt(self); },
      [=](lost_atom) { end_without_the_lost(self); },
      [=](again_atom) {
        look_again(self);
        schedule_look(self);
      },
      [=](watch_atom) {
        start_watch(self);
        schedule_watch(self);
      },
  };
}

}  // namespace sounder::actors

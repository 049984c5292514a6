#include "actors/run/run_ending.hpp"

#include <algorithm>
#include <utility>

#include "actors/exit_reasons.hpp"
#include "actors/plan/run_policy.hpp"
#include "actors/replica/evaluation.hpp"
#include "actors/run/run_checkpoint.hpp"

namespace sounder::actors {

namespace {

using std::chrono::milliseconds;

/// Until who is lost has been explained: by a node that is gone, or by an
/// interrupt of all.
constexpr milliseconds moments(500);

/// For replicas on nodes to come home after an interrupt.
constexpr milliseconds way_home(3000);

}  // namespace

void finish(run_ptr self, stop_reason reason, std::string message) {
  run_state& state = self->state;
  if (std::exchange(state.finished, true)) {
    return;
  }
  state.stop_source.request_stop();
  state.report.stop_reason = reason;
  state.report.message = std::move(message);
  state.report.total_s = state.seconds_since_start();
  for (const auto& meter : state.meters) {
    if (meter->latency_ns->count() > 0) {
      state.report.links.push_back(meter->record());
    }
  }
  const auto answer = [self] {
    write_newest_checkpoint(self, [self] {
      self->state.answer.deliver(
          std::make_shared<const run_report>(std::move(self->state.report)));
      // Not a normal exit: that would leave the linked actors running.
      self->quit(caf::exit_reason::user_shutdown);
    });
  };
  self->request(state.recorder, std::chrono::seconds(10), close_atom::value)
      .then([=](bool) { answer(); }, [=](caf::error&) { answer(); });
}

void break_off(run_ptr self, const caf::error& reason) {
  run_state& state = self->state;
  if (std::exchange(state.finished, true)) {
    return;
  }
  state.stop_source.request_stop();
  write_newest_checkpoint(self, [=] {
    self->state.answer.deliver(reason);
    self->quit(reason);
  });
}

std::shared_ptr<snapshot_round> with_snapshots(
    run_ptr self, const std::vector<hub_actor>& whose, milliseconds deadline,
    std::function<void(const std::vector<parameters>&)> then,
    const std::function<void(const caf::error&)>& otherwise) {
  constexpr double bytes_a_second = 10e6;  // of a slow network
  const auto bytes =
      static_cast<double>(self->state.plan->objective->dimension() * 4);
  const auto round = std::make_shared<snapshot_round>(
      whose.size(), bytes / bytes_a_second, std::move(then));
  if (whose.empty()) {
    round->close();
  }
  for (std::size_t k = 0; k < whose.size(); ++k) {
    self->request(whose[k], deadline, snapshot_atom::value)
        .then(
            [=](const parameters& w) {
              if (!self->state.finished) {
                round->take(k, w);
              }
            },
            [=](const caf::error& problem) {
              if (!self->state.finished && !round->is_closed()) {
                otherwise(problem);
              }
            });
  }
  return round;
}

namespace {

unsigned epoch_stopped_in(const run_state& state) {
  return static_cast<unsigned>(
      state.report.samples / std::max<std::size_t>(state.epoch_shape.rows, 1) +
      1);
}

std::string where_stopped(const run_state& state) {
  return "stopped within epoch " + std::to_string(epoch_stopped_in(state));
}

/// The record of a run that stops where it is.
epoch_record closing_record(const run_state& state) {
  epoch_record record;
  record.epoch = epoch_stopped_in(state);
  record.batch_size = batch_of(*state.plan, record.epoch - 1);
  record.train_s = state.report.train_s;
  record.samples = state.report.samples;
  record.nonzeros = state.epoch_shape.nonzeros * (record.epoch - 1);
  record.step_size = state.plan->schedule(record.epoch - 1.0);
  return record;
}

/// Evaluates the model of a run that was cut short, which then ends.
void close_short(run_ptr self, const parameters_ptr& model) {
  run_state& state = self->state;
  state.report.parameters = *model;
  state.closing =
      where_stopped(state) + (state.lost.empty() ? "" : "; " + state.lost);
  const std::uint64_t known =
      state.report.epochs.empty() ? 0 : state.report.epochs.back().samples;
  if (state.report.samples == known) {  // nothing new, or nothing at all
    finish(self, *state.cut_short, state.closing);
    return;
  }
  if (state.cut_short == stop_reason::interrupted &&
      !evaluates_in_a_moment(*state.plan, state.train_set, state.test_set)) {
    finish(self, *state.cut_short,
           state.closing + "; the model is newer than the last evaluation");
    return;
  }
  state.awaiting.push_back(closing_record(state));
  state.evaluating.push_back(std::make_shared<evaluation>(
      state.plan->objective, state.train_set, state.test_set, model));
  evaluate_next(self);
}

/// Ends an interrupted run that somebody is missing from: the hubs, if all of
/// them are here, are the model, or else what was evaluated last is.
void end_with_the_rest(run_ptr self) {
  run_state& state = self->state;
  const auto end = [=](const std::string& known) {
    std::string message = where_stopped(self->state);
    for (const std::string& more : {self->state.lost, known}) {
      message += (more.empty() ? "" : "; ") + more;
    }
    finish(self, stop_reason::interrupted, std::move(message));
  };
  const bool are_here =
      std::all_of(state.hubs.begin(), state.hubs.end(),
                  [](const run_hub& hub) { return hub.is_here; });
  if (state.has_hub() && are_here) {
    with_snapshots(
        self, self->state.makers(), state.stall_deadline,
        [=](const std::vector<parameters>& found) {
          self->state.report.parameters = *self->state.model_of(found);
          end("");
        },
        [=](const caf::error& why) { break_off(self, why); });
  } else {
    end(state.report.parameters.empty()
            ? "no model was known yet"
            : "the model is the one evaluated last");
  }
}

void halt(run_ptr self) {
  self->state.stop_source.request_stop();
  for (const member_node& node : self->state.nodes) {
    self->send(node.actor, halt_atom::value);
  }
}

/// Remembers who is lost: a node, rather than whom it has lost itself.
void miss(run_ptr self, const std::string& how, bool node_is_gone) {
  run_state& state = self->state;
  if (state.lost.empty()) {
    halt(self);
    self->delayed_send(self, moments, lost_atom::value);
  }
  if (state.lost.empty() || (node_is_gone && !state.node_is_gone)) {
    state.lost = how;
    state.node_is_gone = node_is_gone;
  }
  state.cut_short = state.is_interrupted() ? stop_reason::interrupted
                                           : stop_reason::peer_lost;
}

}  // namespace

void end_if_cut_short(run_ptr self) {
  run_state& state = self->state;
  if (state.finished || !state.cut_short ||
      state.cut_short == stop_reason::peer_lost || state.asks_makers ||
      !state.evaluating.empty() || !state.all_are_home()) {
    return;
  }
  for (std::size_t k = 0; k < state.replicas.size(); ++k) {
    if (state.replicas[k].began_ns) {
      state.come_home(k);
    }
  }
  if (!state.arriving.empty()) {
    state.add_time(state.arriving.front());
  }
  const std::vector<hub_actor> makers = state.makers();
  if (state.has_hub() ? makers.size() < state.hubs.size() : makers.empty()) {
    end_with_the_rest(self);
    return;
  }
  with_snapshots(
      self, makers, state.stall_deadline,
      [=](const std::vector<parameters>& found) {
        close_short(self, self->state.model_of(found));
      },
      [=](const caf::error& problem) {
        miss(self, words_of(self->system(), problem), false);
      });
}

void break_short(run_ptr self, const stepping_replica& at) {
  run_state& state = self->state;
  if (state.cut_short) {
    return;
  }
  if (!state.is_interrupted() && !state.plan->stop.wall_clock) {
    lose(self, at.home + " has broken off its part", false);
    return;
  }
  state.cut_short = state.is_interrupted() ? stop_reason::interrupted
                                           : stop_reason::time_spent;
  halt(self);  // who waits for it need not
}

void lose(run_ptr self, const std::string& how, bool node_is_gone) {
  if (!self->state.finished) {
    miss(self, how, node_is_gone);
    end_if_cut_short(self);
  }
}

void end_without_the_lost(run_ptr self) {
  const run_state& state = self->state;
  if (!state.is_interrupted()) {
    finish(self, stop_reason::peer_lost, state.lost);
  } else if (state.lost.empty() &&
             (state.asks_makers || !state.evaluating.empty())) {
    self->delayed_send(self, way_home, lost_atom::value);  // it will be over
  } else {
    end_with_the_rest(self);
  }
}

void interrupt(run_ptr self) {
  run_state& state = self->state;
  halt(self);
  self->delayed_send(self, way_home, lost_atom::value);
  if (!state.lost.empty()) {
    state.cut_short = stop_reason::interrupted;
    end_if_cut_short(self);
  }
}

namespace {

/// What it said itself before it went says more.
void lose_node(run_ptr self, const member_node& node,
               const caf::error& reason) {
  run_state& state = self->state;
  const std::string name = "node " + node.address.text();
  state.give_up_place(node.place);
  state.node_is_gone =
      state.node_is_gone || state.lost.starts_with(name + ": ");
  lose(self, name + " is gone (" + words_of(self->system(), reason) + ")",
       true);
}

/// What runs elsewhere and throws ends the run as if it were here.
void break_off_elsewhere(run_ptr self, const std::string& home,
                         const caf::error& reason) {
  break_off(self,
            caf::make_error(caf::sec::runtime_error,
                            home + ": " + words_of(self->system(), reason)));
}

/// Somebody at a node, or who serves it here, has ended.
void hear_of_end(run_ptr self, const caf::down_msg& gone) {
  run_state& state = self->state;
  if (state.finished) {
    return;
  }
  for (const member_node& node : state.nodes) {
    if (node.actor.address() == gone.source) {
      lose_node(self, node, gone.reason);
      return;
    }
  }
  const auto is_it = [&](const auto& one) {
    return one.actor.address() == gone.source;
  };
  std::string home;  // of a replica or hub on a node
  if (const auto hub =
          std::find_if(state.hubs.begin(), state.hubs.end(), is_it);
      hub != state.hubs.end()) {
    hub->is_gone = true;
    home = state.home_of(hub->place);
  } else if (const auto at = std::find_if(state.replicas.begin(),
                                          state.replicas.end(), is_it);
             at != state.replicas.end()) {
    at->is_gone = true;
    home = at->home;
  }
  if (is_failure(gone.reason)) {
    break_off_elsewhere(self, home.empty() ? "the leader" : home, gone.reason);
  } else if (!home.empty()) {
    lose(self, home + " has let the run go", false);
  }
}

}  // namespace

void watch_nodes(run_ptr self) {
  run_state& state = self->state;
  if (state.nodes.empty()) {
    return;
  }
  self->set_down_handler(
      [=](const caf::down_msg& gone) { hear_of_end(self, gone); });
  for (const member_node& node : state.nodes) {
    self->monitor(node.actor);
  }
  for (const stepping_replica& replica : state.replicas) {
    if (!replica.is_here) {
      self->monitor(replica.actor);
    }
  }
  for (const run_hub& hub : state.hubs) {
    if (!hub.is_here) {
      self->monitor(hub.actor);
    }
  }
  for (const caf::actor& helper : state.helpers) {
    self->monitor(helper);
  }
  const auto me = caf::actor_cast<caf::actor_addr>(self);
  state.on_interrupt =
      std::make_unique<std::stop_callback<std::function<void()>>>(
          state.plan->interrupt, [me] {
            if (const auto alive = caf::actor_cast<run_actor>(me)) {
              caf::anon_send(alive, interrupt_atom::value);
            }
          });
}

}  // namespace sounder::actors

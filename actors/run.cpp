#include "actors/run.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <thread>
#include <utility>

#include "actors/recorder.hpp"
#include "actors/replica.hpp"

namespace sounder::actors {

namespace {

using self_ptr = caf::stateful_actor<run_state>*;

/// Snapshots that may wait for the evaluator before workers wait too.
constexpr std::size_t most_evaluating = 2;

void advance(self_ptr self);

std::string listed(const std::vector<unsigned>& workers) {
  std::string text;
  for (const unsigned k : workers) {
    text += (text.empty() ? "" : ", ") + std::to_string(k);
  }
  return text;
}

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

/// Ends a run that was stopped within an epoch, once the epochs before it
/// have their records.
void end_if_cut_short(self_ptr self) {
  run_state& state = self->state;
  if (state.cut_short && state.evaluating.empty()) {
    state.report.parameters = *state.last_parameters;
    finish(self, *state.cut_short,
           "stopped within epoch " + std::to_string(state.epochs_done + 1));
  }
}

void walked(self_ptr self, const leg_result& leg) {
  run_state& state = self->state;
  state.walking = false;
  if (state.finished) {
    return;
  }
  const auto& plan = state.plan();
  state.report.samples += leg.samples;
  state.report.train_s += std::chrono::duration<double>(leg.duration).count();
  if (!leg.is_complete) {
    state.cut_short = plan.interrupt.stop_requested() ? stop_reason::interrupted
                                                      : stop_reason::time_spent;
    state.last_parameters = leg.parameters;
    end_if_cut_short(self);
    return;
  }
  state.epochs_done = state.next_goal();
  epoch_record record;
  record.epoch = state.epochs_done;
  record.train_s = state.report.train_s;
  record.samples = state.report.samples;
  record.nonzeros = state.setup->data.nonzeros() * state.epochs_done;
  record.step_size = leg.step_size;
  state.awaiting.push_back(record);
  state.evaluating.push_back(std::make_shared<evaluation>(
      plan.objective, state.setup->data, state.test_set, leg.parameters));
  self->request(state.evaluator, caf::infinite, evaluate_atom::value,
                state.evaluating.back())
      .then([=](const evaluation_result& found) {
        run_state& s = self->state;
        if (s.finished) {
          return;
        }
        s.take(found);
        self->send(
            s.recorder, record_atom::value,
            std::make_shared<const epoch_record>(s.report.epochs.back()));
        if (!found.is_finite) {
          finish(self, stop_reason::diverged, s.divergence_advice());
        } else if (const auto reason = s.verdict()) {
          finish(self, *reason);
        } else {
          advance(self);
          end_if_cut_short(self);
        }
      });
  if (state.concurrent) {
    advance(self);
  }
}

/// Sends the workers on, unless they are walking, or have nothing left, or
/// the evaluator is behind.
void advance(self_ptr self) {
  run_state& state = self->state;
  const std::size_t allowed = state.concurrent ? most_evaluating : 1;
  if (state.finished || state.cut_short || state.walking ||
      state.epochs_done >= state.plan().epochs ||
      state.evaluating.size() >= allowed) {
    return;
  }
  state.walking = true;
  const std::uint64_t goal =
      std::uint64_t{state.next_goal()} * state.setup->epoch.size();
  self->request(state.replica, caf::infinite, advance_atom::value, goal)
      .then([=](const leg_result& leg) { walked(self, leg); });
}

/// Ends a run in which nothing has moved for too long.
void watch(self_ptr self, const progress_report& seen) {
  run_state& state = self->state;
  std::uint64_t progress = seen.progress;
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
  if (still < state.plan().stall_deadline) {
    return;
  }
  const std::string whom =
      seen.busy.empty() ? "the evaluation" : "worker " + listed(seen.busy);
  finish(self, stop_reason::stalled,
         "no progress for " + std::to_string(still.count()) +
             " ms, waiting for " + whom);
}

void schedule_watch(self_ptr self) {
  self->delayed_send(self, self->state.plan().stall_deadline / 4,
                     watch_atom::value);
}

}  // namespace

unsigned run_state::next_goal() const noexcept {
  const unsigned every = std::max(plan().evaluate_every, 1U);
  return std::min(plan().epochs, (epochs_done / every + 1) * every);
}

double run_state::seconds_since_start() const {
  return std::chrono::duration<double>(clock::now() - started).count();
}

void run_state::take(const evaluation_result& found) {
  epoch_record record = awaiting.front();
  awaiting.pop_front();
  report.parameters = *evaluating.front()->parameters();
  evaluating.pop_front();
  const auto mean = [](double sum, std::uint64_t rows) {
    return rows > 0 ? sum / static_cast<double>(rows) : 0.0;
  };
  record.time_s = seconds_since_start();
  record.penalty = found.penalty;
  record.train_loss = mean(found.train.loss, found.train.rows) + found.penalty;
  const bool classifies = plan().objective->classifies();
  if (classifies) {
    record.train_error =
        mean(static_cast<double>(found.train.errors), found.train.rows);
  }
  if (found.test.rows > 0) {
    record.test_loss = mean(found.test.loss, found.test.rows);
  }
  if (found.test.rows > 0 && classifies) {
    record.test_error =
        mean(static_cast<double>(found.test.errors), found.test.rows);
  }
  const epoch_record before =
      report.epochs.empty() ? epoch_record{} : report.epochs.back();
  const double seconds = record.train_s - before.train_s;
  if (seconds > 0.0) {
    record.samples_per_s =
        static_cast<double>(record.samples - before.samples) / seconds;
    record.nonzeros_per_s =
        static_cast<double>(record.nonzeros - before.nonzeros) / seconds;
  }
  report.epochs.push_back(record);
}

std::optional<stop_reason> run_state::verdict() {
  const stopping& stop = plan().stop;
  const epoch_record& last = report.epochs.back();
  const double loss = last.test_loss.value_or(last.train_loss);
  if (report.epochs.size() == 1 || loss < best_loss) {
    best_loss = loss;
    epochs_since_best = 0;
  } else {
    epochs_since_best += last.epoch - report.epochs.rbegin()[1].epoch;
  }
  const auto& error = last.test_error ? last.test_error : last.train_error;
  if (stop.target_error && error && *error <= *stop.target_error) {
    return stop_reason::target_reached;
  }
  if (stop.loss_change && report.epochs.size() > 1 &&
      std::abs(last.train_loss - report.epochs.rbegin()[1].train_loss) <
          *stop.loss_change) {
    return stop_reason::loss_settled;
  }
  if (stop.patience && epochs_since_best >= *stop.patience) {
    return stop_reason::patience_spent;
  }
  if (last.epoch >= plan().epochs) {
    return stop_reason::epochs_done;
  }
  return std::nullopt;
}

std::string run_state::divergence_advice() const {
  double used = plan().step_size(0.0);  // the largest seen
  for (const epoch_record& record : report.epochs) {
    used = std::max(used, record.step_size);
  }
  const double safe = plan().objective->safe_step(setup->data);
  const double advised = safe > 0.0 && safe < used ? safe : used / 10.0;
  char text[160];
  std::snprintf(text, sizeof text,
                "the loss is not finite after epoch %u with step size %g; try "
                "%.2g",
                report.epochs.back().epoch, used, advised);
  return text;
}

caf::behavior run(self_ptr self, std::shared_ptr<replica_setup> setup,
                  std::shared_ptr<replica_memory> memory,
                  kernels::dataset test_set, epoch_observer observer) {
  self->set_exception_handler(as_exit_reason);
  self->set_exit_handler(
      [=](const caf::exit_msg& gone) { break_off(self, gone.reason); });
  self->set_error_handler(
      [=](caf::error& problem) { break_off(self, problem); });
  run_state& state = self->state;
  setup->stop = state.stop_source.get_token();
  state.setup = setup;
  state.test_set = std::move(test_set);
  state.started = run_state::clock::now();
  state.last_moved = state.started;
  const training_plan& plan = setup->plan;
  state.concurrent = !plan.deterministic &&
                     (plan.evaluation == evaluation_mode::concurrent ||
                      (plan.evaluation == evaluation_mode::automatic &&
                       setup->workers < std::thread::hardware_concurrency()));

  state.replica = self->spawn<caf::linked>(
      replica, std::shared_ptr<const replica_setup>(setup), std::move(memory));
  if (plan.deterministic) {
    state.recorder = self->spawn<caf::linked>(recorder, std::move(observer));
  } else {
    state.recorder =
        self->spawn<caf::linked + caf::detached>(recorder, observer);
  }
  state.evaluator = state.concurrent
                        ? self->spawn<caf::linked + caf::detached>(evaluator)
                        : state.replica;
  return {
      [=](start_atom) -> caf::result<run_report_ptr> {
        self->state.answer = self->make_response_promise();
        if (!self->state.plan().deterministic) {
          schedule_watch(self);
        }
        advance(self);
        return caf::delegated<run_report_ptr>();
      },
      [=](watch_atom) {
        self->request(self->state.replica, caf::infinite, progress_atom::value)
            .then([=](const progress_report& seen) { watch(self, seen); });
        schedule_watch(self);
      },
  };
}

}  // namespace sounder::actors

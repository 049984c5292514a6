#include "actors/replica/training_job.hpp"

#include <algorithm>
#include <thread>
#include <utility>

#include "actors/plan/run_policy.hpp"
#include "actors/replica/start_line.hpp"
#include "actors/wire/stream.hpp"

namespace sounder::actors {

training_job::training_job(std::shared_ptr<const replica_setup> setup,
                           std::shared_ptr<replica_state> state,
                           std::size_t goal, assignment dealt)
    : setup_(std::move(setup)),
      state_(std::move(state)),
      goal_(goal),
      at_goal_(dealt.at_goal),
      generation_(state_->generation),
      left_by_(setup_->workers) {
  turn_into(first(std::move(dealt)));
  state_->is_within_job = true;
  start_phase();
}

stretch training_job::first(assignment dealt) {
  if (!dealt.parts.empty()) {
    dealt_.emplace(std::move(dealt),
                   state_->known ? *state_->known : known_ways());
    return dealt_->next().value();
  }
  way own{setup_, state_->order, nullptr};
  if (!dealt.steps.empty()) {
    own.steps =
        std::make_shared<step_table>(std::move(dealt.steps.begin()->second));
  }
  return state_->ways ? state_->ways->open(setup_->replica, std::move(own),
                                           state_->phases_walked, goal_phases())
                      : stretch{std::move(own), state_->phases_walked};
}

void training_job::turn_into(stretch next) {
  stretch_ = std::move(next);
  next_chunk_ = stretch_.first_chunk();
}

/// Whether nobody else can tell where its phases end: not the replicas, for it
/// meets none, nor the result, which depends on the moment in any case.
bool training_job::is_free() const {
  return setup_->workers > 1 && !setup_->plan->deterministic &&
         std::holds_alternative<topology::lock_free>(setup_->sharing) &&
         setup_->plan->graph.links.empty();
}

/// The phase that leads from next_chunk_ towards the next meeting, or to the
/// end of the epoch. It ends there whatever the goal: looking at a replica
/// changes nothing of what it does. One that is free goes on to the goal: its
/// workers wait for one another as seldom as can be.
void training_job::start_phase() {
  const way& along = stretch_.along;
  const run_cut& cut = along.setup->cut;
  const auto [epoch, phase] = cut.phases().place_of(stretch_.phase);
  const std::size_t end = is_free() ? goal_
                                    : cut.chunks().before(epoch) +
                                          cut.epoch(epoch).phase_ends[phase];
  phases_after_ = is_free() ? goal_phases() : state_->phases_done + 1;
  // Another rule is a local phase of its own: it may keep the scale in the
  // weights.
  const std::size_t gd_end = along.setup->gd_end();
  const std::size_t last = next_chunk_ < gd_end ? std::min(end, gd_end) : end;
  const auto plan_with = [&](const auto& steps) {
    return plan_phase(cut, next_chunk_, last,
                      along.setup->objective_at(next_chunk_), steps);
  };
  phase_ = std::make_shared<local_phase>(
      setup_, state_, along,
      along.steps ? plan_with(*along.steps)
                  : plan_with(setup_->plan->schedule));
  at_phase_end_ = phase_->schedule().last == end;
  left_.store(0);
  rested_ = false;
  generation_.store(++state_->generation);
  state_->together->walk(setup_->replica, reached());
}

bool training_job::work(worker_slot& slot) {
  if (slot.walks_on != this) {
    slot.walks_on = this;
    if (state_->line && !setup_->plan->deterministic) {
      state_->line->arrive();
    }
  }
  const bool goes_on = go_on(slot);
  if (!goes_on) {
    slot.walks_on = nullptr;
  }
  return goes_on;
}

bool training_job::go_on(worker_slot& slot) {
  if (slot.leads) {
    return lead(slot);
  }
  if (finished_.load()) {
    return false;
  }
  const std::uint64_t generation = generation_.load();
  if (slot.phase_left != generation) {
    if (phase_->work(slot)) {
      return true;
    }
    slot.phase_left = generation;
    left_by_[slot.index].store(generation);
    slot.leads = left_.fetch_add(1) + 1 == setup_->workers;
    return slot.leads ? lead(slot) : true;
  }
  if (!setup_->plan->deterministic) {
    static_cast<void>(changed_.wait(
        [&] { return generation_.load() != generation || finished_.load(); }));
  }
  return true;
}

/// The last worker of a local phase: meets, then sends everybody on. Comes back
/// here by its mailbox while it has to wait.
bool training_job::lead(worker_slot& slot) {
  if (!rested_) {
    rest();
  }
  if (!meet()) {
    return true;
  }
  const auto now = clock::now();
  end_ = now;
  times_.exchanging +=
      std::chrono::duration<double>(now - rested_at_ - waited_ - stepped_)
          .count();
  times_.computing += std::chrono::duration<double>(stepped_).count();
  times_.waiting += std::chrono::duration<double>(waited_).count();
  slot.leads = false;
  const bool goes_on = next_phase();
  if (setup_->workers > 1) {
    changed_.notify();
  }
  return goes_on;
}

void training_job::rest() {
  rested_ = true;
  rested_at_ = clock::now();
  waited_ = stepped_ = clock::duration::zero();
  next_meeting_ = 0;
  begin_ = std::min(begin_, phase_->begin());
  times_.computing += std::chrono::duration<double>(phase_->duration()).count();
  if (!phase_->schedule().starts.empty()) {
    state_->step_size = phase_->schedule().starts.back().step_size;
  }
  stopped_ = stopped_ || !phase_->is_complete();
  state_->own->rest(static_cast<float>(phase_->scale()));
  const bool is_before_optimizer =
      stretch_.along.setup->stops_at_gradient(next_chunk_);
  state_->own->set_gradient(is_before_optimizer && !stopped_
                                ? phase_->gradient(state_->step_size)
                                : std::span<float>());
}

bool training_job::meet() {
  if (state_->largest_step == 0.0F) {
    state_->largest_step = static_cast<float>(state_->step_size);
  }
  const auto step = static_cast<float>(state_->step_size);
  const step_context now{
      step, state_->largest_step > 0.0F ? step / state_->largest_step : 1.0F};
  if (at_phase_end_ && !stopped_ && !(keep_together() && hold_meetings(now))) {
    return false;
  }
  return state_->own->settle() &&
         (!at_goal_ || !is_last_phase() || has_delivered(now));
}

/// Whether the job is over with the phase at hand.
bool training_job::is_last_phase() const {
  if (shares_way()) {
    return stopped_ || (at_phase_end_ && !next_);
  }
  return stopped_ || (at_phase_end_ && phase_->schedule().last >= goal_ &&
                      phases_after_ >= goal_phases());
}

std::uint64_t training_job::goal_phases() const {
  const run_cut& cut = setup_->cut;
  return cut.phases().before(cut.chunks().place_of(goal_).epoch);
}

/// Before it says that it has arrived: what it has sent is a part of others.
/// After a stop it has waited long enough, for they may be gone. Who has asked
/// one that has stopped waits for it at the run's end; before, only for a while
/// after it has asked: nothing has moved, at either end, unless it goes on just
/// while others look.
bool training_job::has_delivered(const step_context& now) {
  constexpr auto after_stop = std::chrono::seconds(1);
  constexpr auto a_while = std::chrono::milliseconds(1);
  const bool is_at_end =
      goal_ >= setup_->cut.chunks().before(setup_->plan->epochs);
  const std::chrono::milliseconds patience(is_at_end ? 3'600'000 : 100);
  const auto& all = state_->meetings;
  if (state_->failure->has_happened()) {
    stopped_ = true;
    return true;
  }
  if ((setup_->is_to_stop() && clock::now() - rested_at_ > after_stop) ||
      std::all_of(all.begin(), all.end(), [&](const auto& each) {
        return try_with(
            [&] { return each->deliver(*state_->own, now, patience); });
      })) {
    return true;
  }
  const auto since = clock::now();
  std::this_thread::sleep_for(a_while);
  waited(setup_->plan->graph.replicas[setup_->replica].name +
             " waits until what it has sent is delivered",
         since);
  return false;
}

/// Before it meets others, lest they bring it what they have found long ago.
/// False while it is too far ahead: of a replica's phases, or, where ways are
/// shared, of one whose phase has lasted for so many of all others.
bool training_job::keep_together() {
  if (shares_way() && !takes_next()) {
    return false;
  }
  const bool all_share = state_->ways != nullptr;
  const std::uint64_t most = most_lead(*setup_->plan, setup_->cut, all_share);
  if (dealt_ || most == any_lead || setup_->is_to_stop()) {
    return true;
  }
  lag_limiter& all = *state_->together;
  const std::uint64_t lead = most * (all_share ? state_->ways->members() : 1);
  const std::uint64_t phases =
      all_share ? state_->ways->taken() : state_->phases_walked + 1;
  if (all_share) {
    all.walk(setup_->replica, phases);  // is here, however long it took
  }
  const auto behind = all.behind(phases, lead);
  if (!behind) {
    return true;
  }
  const auto since = clock::now();
  if (!setup_->plan->deterministic) {
    static_cast<void>(
        all.changed.wait([&] { return !all.behind(phases, lead); }));
  }
  const auto& replicas = setup_->plan->graph.replicas;
  waited(replicas[setup_->replica].name + " waits for " +
             replicas[*behind].name + " to catch up",
         since);
  return false;
}

/// The phase after this one, its own or of who is behind. False while somebody
/// has yet to set out.
bool training_job::takes_next() {
  if (dealt_) {
    next_ = next_ ? next_ : dealt_->next();
    return true;
  }
  shared_walk& all = *state_->ways;
  const auto is_settled = [&] {
    next_ = next_ ? next_ : all.next(setup_->replica);
    return next_ || all.is_over(setup_->replica);
  };
  if (is_settled()) {
    return true;
  }
  if (setup_->is_to_stop()) {
    stopped_ = true;
    return true;
  }
  const auto since = clock::now();
  static_cast<void>(all.changed.wait(is_settled));
  waited(setup_->plan->graph.replicas[setup_->replica].name +
             " waits for others to set out",
         since);
  return false;
}

void training_job::waited(std::string whom, clock::time_point since) {
  waited_ += clock::now() - since;
  const std::scoped_lock lock(whom_lock_);
  whom_ = std::move(whom);
}

/// False while one of them has to wait for others.
bool training_job::hold_meetings(const step_context& now) {
  for (; next_meeting_ < state_->meetings.size(); ++next_meeting_) {
    meeting& due = *state_->meetings[next_meeting_];
    if (!due.before_optimizer) {
      step();
    }
    if (phases_after_ % due.every_phases != 0) {
      continue;
    }
    if (!try_with([&] { return due.attend(*state_->own, now); })) {
      if (stopped_ || setup_->is_to_stop()) {
        stopped_ = true;
        return true;
      }
      const auto since = clock::now();
      state_->together->pause(setup_->replica);
      if (!setup_->plan->deterministic) {
        due.wait();
      }
      waited(due.waits_for(), since);
      return false;
    }
    meetings_held_.fetch_add(1);
  }
  step();
  const std::scoped_lock lock(whom_lock_);
  whom_.clear();
  return true;
}

/// What the optimizer makes of a gradient, once those have met that stand
/// before it. A hub has made its own of it.
void training_job::step() {
  if (!state_->own->has_gradient()) {
    return;
  }
  const auto since = clock::now();
  if (setup_->stepper == stepper::group) {
    phase_->step();
  }
  state_->own->set_gradient({});
  stepped_ += clock::now() - since;
}

/// Without another node of the meeting there is nothing to go on to.
template <class Try>
bool training_job::try_with(const Try& meet) {
  if (state_->failure->has_happened()) {
    stopped_ = true;
    return false;
  }
  try {
    return meet();
  } catch (const stream_error& problem) {
    state_->failure->note(problem.what());
    stopped_ = true;
    return false;
  }
}

/// False when there is none.
bool training_job::next_phase() {
  const bool is_over = is_last_phase();
  next_chunk_ = phase_->schedule().last;
  if (at_phase_end_) {
    state_->phases_done = phases_after_;
    if (!shares_way()) {
      state_->phases_walked = phases_after_;
    }
  }
  if (is_over) {
    return finish();
  }
  if (at_phase_end_) {
    turn_into(next_ ? *std::exchange(next_, std::nullopt)
                    : stretch{stretch_.along, state_->phases_walked});
  }
  start_phase();
  return true;
}

bool training_job::finish() {
  for (const auto& each : state_->meetings) {
    each->resign();
  }
  // Who has arrived will go on from there, and is waited for.
  if (stopped_) {
    state_->together->pause(setup_->replica);
  } else {
    state_->is_within_job = false;
    state_->phases_walked = goal_phases();
    state_->together->walk(setup_->replica, reached());
  }
  finished_.store(true);
  return false;
}

std::string training_job::waits_for() const {
  const std::scoped_lock lock(whom_lock_);
  return whom_;
}

}  // namespace sounder::actors

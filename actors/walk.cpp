#include "actors/walk.hpp"

#include <algorithm>
#include <utility>

#include "actors/stream.hpp"
#include "kernels/data/parallel.hpp"

namespace sounder::actors {

walk::walk(std::shared_ptr<const replica_setup> setup,
           std::shared_ptr<replica_memory> memory,
           std::shared_ptr<replica_links> links, std::size_t first,
           std::size_t goal, step_table steps)
    : setup_(std::move(setup)),
      memory_(std::move(memory)),
      links_(std::move(links)),
      goal_(goal),
      steps_(std::move(steps)),
      next_chunk_(first),
      generation_(links_->generation),
      left_by_(setup_->workers) {
  start_leg();
}

namespace {

/// Legs that a replica may be ahead of another: those of an epoch, and where an
/// epoch has few, some more, so that what holds up one now and another then
/// does not add up.
std::uint64_t most_lead(const run_cut& cut) noexcept {
  constexpr std::uint64_t some = 8;
  return std::max<std::uint64_t>(cut.legs().before(1), some);
}

}  // namespace

/// Others may meet a replica that meets nobody itself.
bool walk::is_alone() const noexcept {
  return setup_->plan.graph.links.empty();
}

/// The leg that leads from next_chunk_ towards the next meeting, or, of a
/// replica that is alone, to the goal.
void walk::start_leg() {
  const run_cut& cut = setup_->cut;
  const auto [epoch, leg] = cut.legs().place_of(links_->legs_walked);
  const std::size_t end =
      is_alone() ? goal_
                 : cut.chunks().before(epoch) + cut.epoch(epoch).leg_ends[leg];
  // Another rule is a leg of its own: it may keep the scale in the weights.
  const std::size_t gd_end = setup_->gd_end();
  const std::size_t last = next_chunk_ < gd_end ? std::min(end, gd_end) : end;
  const auto plan_with = [&](const auto& steps) {
    return plan_leg(cut, next_chunk_, last, setup_->objective_at(next_chunk_),
                    steps);
  };
  leg_ = std::make_shared<training_leg>(setup_, memory_,
                                        steps_.is_empty()
                                            ? plan_with(setup_->plan.step_size)
                                            : plan_with(steps_));
  at_leg_end_ = leg_->schedule().last == end;
  left_.store(0);
  rested_ = false;
  generation_.store(++links_->generation);
  links_->together->walk(setup_->replica, links_->legs_walked);
}

void start_line::arrive() noexcept {
  constexpr auto moment = std::chrono::microseconds(300);
  const std::uint64_t number = came_.fetch_add(1);
  if (workers_ > kernels::thread_count(0)) {
    return;
  }
  const std::uint64_t all = (number / workers_ + 1) * workers_;
  const auto until = std::chrono::steady_clock::now() + moment;
  while (came_.load() < all && std::chrono::steady_clock::now() < until) {
  }
}

bool walk::work(worker_slot& slot) {
  if (slot.walks_on != this) {
    slot.walks_on = this;
    if (links_->line && !setup_->plan.deterministic) {
      links_->line->arrive();
    }
  }
  const bool goes_on = go_on(slot);
  if (!goes_on) {
    slot.walks_on = nullptr;
  }
  return goes_on;
}

bool walk::go_on(worker_slot& slot) {
  if (slot.leads) {
    return lead(slot);
  }
  if (finished_.load()) {
    return false;
  }
  const std::uint64_t generation = generation_.load();
  if (slot.leg_left != generation) {
    if (leg_->work(slot)) {
      return true;
    }
    slot.leg_left = generation;
    left_by_[slot.index].store(generation);
    slot.leads = left_.fetch_add(1) + 1 == setup_->workers;
    return slot.leads ? lead(slot) : true;
  }
  if (!setup_->plan.deterministic) {
    static_cast<void>(changed_.wait(
        [&] { return generation_.load() != generation || finished_.load(); }));
  }
  return true;
}

/// The last worker of a leg: meets, then sends everybody on. Comes back here
/// by its mailbox while it has to wait.
bool walk::lead(worker_slot& slot) {
  if (!rested_) {
    rest();
  }
  if (!meet()) {
    return true;
  }
  const auto now = clock::now();
  end_ = now;
  times_.exchanging +=
      std::chrono::duration<double>(now - rested_at_ - waited_).count();
  times_.waiting += std::chrono::duration<double>(waited_).count();
  slot.leads = false;
  const bool goes_on = next_leg();
  if (setup_->workers > 1) {
    changed_.notify();
  }
  return goes_on;
}

void walk::rest() {
  rested_ = true;
  rested_at_ = clock::now();
  waited_ = clock::duration::zero();
  next_meeting_ = 0;
  begin_ = std::min(begin_, leg_->begin());
  times_.computing += std::chrono::duration<double>(leg_->duration()).count();
  if (!leg_->schedule().starts.empty()) {
    step_size_ = leg_->schedule().starts.back().step_size;
  }
  stopped_ = stopped_ || !leg_->is_complete();
  links_->own.rest(static_cast<float>(leg_->scale()));
}

bool walk::meet() {
  if (links_->largest_step == 0.0F) {
    links_->largest_step = static_cast<float>(step_size_);
  }
  const auto step = static_cast<float>(step_size_);
  const moment now{
      step, links_->largest_step > 0.0F ? step / links_->largest_step : 1.0F};
  if (at_leg_end_ && !stopped_ && !(keep_together() && hold_meetings(now))) {
    return false;
  }
  return links_->own.settle();
}

/// Before it meets others, lest it brings them what it has found long ago.
/// False while it is too far ahead.
bool walk::keep_together() {
  convoy& all = *links_->together;
  const std::uint64_t legs = links_->legs_walked + 1;
  const std::uint64_t lead = most_lead(setup_->cut);
  const auto behind = all.behind(legs, lead);
  if (!behind || is_to_stop()) {
    return true;
  }
  const auto since = clock::now();
  if (!setup_->plan.deterministic) {
    static_cast<void>(
        all.changed.wait([&] { return !all.behind(legs, lead); }));
  }
  const auto& replicas = setup_->plan.graph.replicas;
  waited(replicas[setup_->replica].name + " waits for " +
             replicas[*behind].name + " to catch up",
         since);
  return false;
}

void walk::waited(std::string whom, clock::time_point since) {
  waited_ += clock::now() - since;
  const std::scoped_lock lock(whom_lock_);
  whom_ = std::move(whom);
}

/// False while one of them has to wait for others.
bool walk::hold_meetings(const moment& now) {
  for (; next_meeting_ < links_->meetings.size(); ++next_meeting_) {
    meeting& due = *links_->meetings[next_meeting_];
    if ((links_->legs_walked + 1) % due.every_legs != 0) {
      continue;
    }
    if (!attend(due, now)) {
      if (stopped_ || is_to_stop()) {
        stopped_ = true;
        return true;
      }
      const auto since = clock::now();
      links_->together->pause(setup_->replica);
      if (!setup_->plan.deterministic) {
        due.wait();
      }
      waited(due.waits_for(), since);
      return false;
    }
    meetings_held_.fetch_add(1);
  }
  const std::scoped_lock lock(whom_lock_);
  whom_.clear();
  return true;
}

/// Without another node of the meeting there is nothing to go on to.
bool walk::attend(meeting& due, const moment& now) {
  try {
    return due.attend(links_->own, now);
  } catch (const stream_error& problem) {
    setup_->lost->note(problem.what());
    stopped_ = true;
    return false;
  }
}

bool walk::is_to_stop() const {
  return setup_->plan.interrupt.stop_requested() ||
         setup_->stop.stop_requested() ||
         (setup_->end_by && clock::now() >= *setup_->end_by);
}

/// False when there is none.
bool walk::next_leg() {
  next_chunk_ = leg_->schedule().last;
  const run_cut& cut = setup_->cut;
  const std::size_t goal_legs =
      cut.legs().before(cut.chunks().place_of(goal_).epoch);
  if (at_leg_end_ && is_alone()) {
    links_->legs_walked = goal_legs;
  } else if (at_leg_end_) {
    ++links_->legs_walked;
  }
  const bool arrived =
      at_leg_end_ && next_chunk_ >= goal_ && links_->legs_walked >= goal_legs;
  if (stopped_ || arrived) {
    return finish();
  }
  start_leg();
  return true;
}

bool walk::finish() {
  for (const auto& each : links_->meetings) {
    each->resign();
  }
  // Who has arrived will go on from there, and is waited for.
  if (stopped_) {
    links_->together->pause(setup_->replica);
  } else {
    links_->together->walk(setup_->replica, links_->legs_walked);
  }
  finished_.store(true);
  return false;
}

std::string walk::waits_for() const {
  const std::scoped_lock lock(whom_lock_);
  return whom_;
}

}  // namespace sounder::actors

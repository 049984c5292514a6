// Who walks what of a stride, by what each has made of those before.

#include <algorithm>
#include <utility>

#include "actors/run/run.hpp"

namespace sounder::actors {

namespace {

std::uint64_t count_phases(const std::vector<phase_range>& parts) {
  std::uint64_t sum = 0;
  for (const phase_range& part : parts) {
    sum += part.last - part.first;
  }
  return sum;
}

double seconds_on_its_way(const stepping_replica& replica) {
  const std::chrono::duration<double> so_far =
      run_state::clock::now() - replica.set_out;
  return std::max(so_far.count(), 1e-9);
}

/// Of one that is still on its way no more than if it came just now.
double speed_of(const stepping_replica& replica) {
  if (!replica.walking) {
    return replica.speed;
  }
  const double at_most =
      static_cast<double>(replica.hand) / seconds_on_its_way(replica);
  return replica.speed > 0.0 ? std::min(replica.speed, at_most) : at_most;
}

/// Seconds until it is back, at its speed.
double busy_for(const stepping_replica& replica) {
  return replica.walking && replica.speed > 0.0
             ? std::max(static_cast<double>(replica.hand) / replica.speed -
                            seconds_on_its_way(replica),
                        0.0)
             : 0.0;
}

/// In seconds: by many times, and by more than a moment.
bool is_much_longer(double so_far, double usual) {
  constexpr double many = 8.0;
  constexpr double moment = 0.2;
  return so_far > many * usual + moment;
}

}  // namespace

bool run_state::knows_speeds() const noexcept {
  return std::all_of(
      replicas.begin(), replicas.end(),
      [](const stepping_replica& each) { return each.speed > 0.0; });
}

/// The first stride, dealt in equal parts, is the one that shows who is slow.
unsigned run_state::lead() const noexcept {
  return plan->deterministic || (deals && !knows_speeds()) ? 0 : stride.lead;
}

/// Step sizes travel as numbers: rules are code.
dealt_stride& run_state::dealt_to(std::size_t k) {
  const unsigned from = replicas[k].epochs_walked;
  const auto [at, is_new] = dealt.try_emplace(from);
  dealt_stride& made = at->second;
  if (!is_new) {
    return made;
  }
  made.to = knows_speeds() ? plan->epochs : from + 1;
  std::vector<walker> all;
  for (const stepping_replica& each : replicas) {
    made.to = std::min(made.to, next_stop(each, from));
  }
  // Who is still at the last stride would hold up all with a part of this one
  // too, if it has to wait for its core each time.
  const bool all_come = made.to == epoch_of(goals_before(from) + 1);
  for (const stepping_replica& each : replicas) {
    all.push_back({each.number, each.place, speed_of(each), busy_for(each),
                   each.knows_all_common, each.has_common_samples,
                   all_come || !each.walking});
  }
  for (const stepping_replica& each : replicas) {
    made.steps[each.number] = steps_of(each.cut, plan->schedule, from, made.to);
  }
  const numbering& phases = replicas[k].cut.phases();
  made.hands = deal(all, phases.before(from), phases.before(made.to));
  return made;
}

assignment run_state::assign(std::size_t k, unsigned to) {
  stepping_replica& replica = replicas[k];
  const unsigned from = replica.epochs_walked;
  assignment assigned;
  assigned.at_goal = to == epoch_of(replica.goals_reached + 1);
  if (!deals) {
    if (!replica.is_here) {
      assigned.steps[replica.number] =
          steps_of(replica.cut, plan->schedule, from, to);
    }
    return assigned;
  }
  dealt_stride& stride_at = dealt_to(k);
  assigned.parts = std::move(stride_at.hands[k]);
  replica.hand = count_phases(assigned.parts);
  replica.set_out = clock::now();
  if (!replica.is_here) {
    for (const phase_range& part : assigned.parts) {
      assigned.steps[part.way] = stride_at.steps.at(part.way);
    }
  }
  if (++stride_at.taken == replicas.size()) {
    dealt.erase(from);
  }
  return assigned;
}

/// Its node has stopped, or cannot be reached.
bool run_state::is_overdue(const stepping_replica& replica) const {
  if (!deals || replica.is_here || !replica.walking) {
    return false;
  }
  double speed = replica.speed;
  for (const stepping_replica& other : replicas) {
    // Who has never come back is taken for no slower than the slowest.
    if (replica.speed == 0.0 && other.speed > 0.0) {
      speed = speed > 0.0 ? std::min(speed, other.speed) : other.speed;
    }
  }
  return speed > 0.0 &&
         is_much_longer(seconds_on_its_way(replica),
                        static_cast<double>(replica.hand) / speed);
}

bool snapshot_round::is_overdue() const {
  const std::chrono::duration<double> others = last_ - since_;
  const std::chrono::duration<double> so_far = clock::now() - since_;
  return !is_closed() &&
         is_much_longer(so_far.count(), std::max(others.count(), usual_s_));
}

void snapshot_round::close() {
  std::erase_if(found_, [](const parameters& w) { return !w.values; });
  std::exchange(then_, nullptr)(found_);
}

bool run_state::is_next_goal_reached() const {
  if (arriving.empty() || arriving.front().arrived == 0) {
    return false;
  }
  const bool is_last = goals_reached + 1 == goals();
  return std::all_of(replicas.begin(), replicas.end(),
                     [&](const stepping_replica& each) {
                       return each.goals_reached > goals_reached ||
                              (!is_last && is_overdue(each));
                     });
}

/// On its way, from here and back: who has to wait for a core, or whose
/// messages take long, is that much slower. A hiccup passes: half of what was
/// before stays.
void run_state::measure(stepping_replica& replica) {
  if (replica.hand == 0) {
    return;
  }
  replica.phases_of_late =
      replica.phases_of_late / 2.0 + static_cast<double>(replica.hand);
  replica.seconds_of_late =
      replica.seconds_of_late / 2.0 + seconds_on_its_way(replica);
  replica.speed = replica.phases_of_late / replica.seconds_of_late;
}

}  // namespace sounder::actors

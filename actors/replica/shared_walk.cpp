#include "actors/replica/shared_walk.hpp"

#include <algorithm>
#include <utility>

#include "kernels/data/parallel.hpp"
#include "topology/discipline.hpp"
#include "topology/exchange.hpp"

namespace sounder::actors {

namespace {

namespace p = topology;

/// Phases that a way may be taken further than another before it is helped.
std::uint64_t lead_to_help(const run_cut& cut) noexcept {
  constexpr std::uint64_t parts = 8;
  return std::max<std::uint64_t>(cut.phases().before(1) / parts, 1);
}

/// Nor does it matter who takes a step: what only reads brings nothing.
bool leaves_all_free(const p::link& link) {
  return traits_of(link.discipline).awaits == p::awaits::nobody &&
         p::discipline_of<p::one_of_group>(link) == nullptr &&
         traits_of(link.exchange).travels != p::travels::back;
}

/// So that a phase is the same whoever walks it: cut for as many workers, and
/// ended before or after the optimizer.
bool are_alike(const p::graph& wiring) {
  const auto& links = wiring.links;
  const bool all_alike =
      std::all_of(links.begin(), links.end(), [&](const p::link& link) {
        return link.exchange.index() == links.front().exchange.index() &&
               p::steps(link.discipline) == p::steps(links.front().discipline);
      });
  const bool some_before =
      std::any_of(links.begin(), links.end(), [](const p::link& link) {
        return traits_of(link.exchange).stands == p::standing::before_optimizer;
      });
  unsigned workers = 0;
  for (const p::replica& each : wiring.replicas) {
    if (!each.is_hub()) {
      if (workers != 0 && workers != each.workers) {
        return false;
      }
      workers = each.workers;
    }
  }
  return all_alike || !some_before;
}

}  // namespace

bool may_share_ways(const training_plan& plan) {
  const auto& links = plan.graph.links;
  return !plan.deterministic && !links.empty() &&
         std::all_of(links.begin(), links.end(), leaves_all_free) &&
         are_alike(plan.graph);
}

bool has_a_processor_each(unsigned workers) {
  return workers <= kernels::thread_count(0);
}

std::optional<stretch> shared_walk::place::take() {
  std::uint64_t phase = taken.load();
  do {
    if (phase >= goal.load()) {
      return std::nullopt;
    }
  } while (!taken.compare_exchange_weak(phase, phase + 1));
  const std::scoped_lock one_at_a_time(lock);
  return stretch{along, phase};
}

shared_walk::shared_walk(std::size_t members) : places_(members) {}

void shared_walk::join(std::size_t member, std::uint64_t phases) {
  places_[member].taken.store(phases);
  places_[member].goal.store(phases);
  places_[member].is_member.store(true);
}

stretch shared_walk::open(std::size_t member, way along, std::uint64_t from,
                          std::uint64_t goal) {
  place& own = places_[member];
  {
    const std::scoped_lock one_at_a_time(own.lock);
    own.along = along;
  }
  own.taken.store(from + 1);
  own.goal.store(goal);
  changed.notify();
  return {std::move(along), from};
}

/// The way that is taken least, of those that are not taken to the goal.
shared_walk::place* shared_walk::last_before(std::uint64_t goal) noexcept {
  place* last = nullptr;
  for (place& each : places_) {
    if (!each.is_taken_to(goal) &&
        (last == nullptr || each.taken.load() < last->taken.load())) {
      last = &each;
    }
  }
  return last;
}

std::optional<stretch> shared_walk::next(std::size_t member) {
  place& own = places_[member];
  const std::uint64_t goal = own.goal.load();
  // Again when others were quicker: ways are taken to an end.
  while (place* const last = last_before(goal)) {
    const bool helps =
        own.is_taken_to(goal) ||
        own.taken.load() >
            last->taken.load() + lead_to_help(own.along.setup->cut);
    if (helps && last->goal.load() < goal) {
      break;  // has not set out
    }
    if (auto found = (helps ? *last : own).take()) {
      return found;
    }
  }
  return std::nullopt;
}

std::uint64_t shared_walk::taken() const noexcept {
  std::uint64_t sum = 0;
  for (const place& each : places_) {
    sum += each.taken.load();
  }
  return sum;
}

std::size_t shared_walk::members() const noexcept {
  return static_cast<std::size_t>(
      std::count_if(places_.begin(), places_.end(),
                    [](const place& each) { return each.is_member.load(); }));
}

bool shared_walk::is_over(std::size_t member) const noexcept {
  const std::uint64_t goal = places_[member].goal.load();
  return std::all_of(places_.begin(), places_.end(),
                     [&](const place& each) { return each.is_taken_to(goal); });
}

}  // namespace sounder::actors

#pragma once

// Replicas of one process share their way: who is ahead walks a phase of who is
// behind. So a slow replica holds nobody up, an epoch is walked once by all
// together, and shares follow speed.

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <mutex>
#include <optional>
#include <vector>

#include "actors/plan/training_plan.hpp"
#include "actors/replica/way.hpp"
#include "actors/wire/signal.hpp"

namespace sounder::actors {

/// Whether replicas of the graph may take phases over: none waits until another
/// has come as often, what each finds reaches others, and nothing has to come
/// to the same bits.
bool may_share_ways(const training_plan& plan);

/// Whether that is of use in a process: where it has more workers than
/// processors these are busy in any case, and who gets none for a while would
/// fall far behind.
bool has_a_processor_each(unsigned workers);

/// The ways of the replicas of a process, and how far each is taken.
///
/// A phase is taken by one replica, its own or another, exactly once. A replica
/// takes its own, one after the other, until it is an eighth of an epoch ahead
/// of another way, or at its goal: then the next of the way that is taken
/// least. What it has found so is its own move like any other.
///
/// All members have the same goals, one after another. Who has not set out for
/// the one at hand is behind, but nobody knows his way: he is waited for.
///
/// Threads: any; join() before all others, open() from one at a time for each
/// member. Cost: a look at every member.
class shared_walk {
 public:
  explicit shared_walk(std::size_t members);

  /// The member steps here, and has walked so many phases.
  void join(std::size_t member, std::uint64_t phases);

  /// The member sets out for a goal, and takes its first phase.
  stretch open(std::size_t member, way along, std::uint64_t from,
               std::uint64_t goal);

  /// The next phase for a member that has set out; none while one is waited
  /// for, and when is_over().
  std::optional<stretch> next(std::size_t member);

  /// Whether every phase up to the member's goal is taken.
  bool is_over(std::size_t member) const noexcept;

  /// Phases of all ways.
  std::uint64_t taken() const noexcept;
  std::size_t members() const noexcept;

  signal changed;  // somebody has set out

 private:
  /// On a cache line of its own.
  struct alignas(64) place {
    std::atomic<std::uint64_t> taken{0};
    std::atomic<std::uint64_t> goal{0};
    std::atomic<bool> is_member{false};
    std::mutex lock;  // of `along`
    way along;

    bool is_taken_to(std::uint64_t end) const noexcept {
      return !is_member.load() || taken.load() >= end;
    }
    std::optional<stretch> take();
  };

  place* last_before(std::uint64_t goal) noexcept;

  std::vector<place> places_;
};

}  // namespace sounder::actors

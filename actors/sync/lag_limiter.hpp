#pragma once

// Replicas of one process keep together: who is ahead waits for who is behind.
// Without that a replica that was held up would end a run alone, and what
// everybody meets would become one of its own samples.

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <vector>

#include "actors/wire/signal.hpp"

namespace sounder::actors {

/// Where the replicas of a process are. Nobody waits for one that pauses, for
/// that one may be waiting for others at a meeting. One that rests between two
/// phases is on the way.
///
/// Threads: any; each member's place is set by one at a time.
class lag_limiter {
 public:
  /// All members pause at first.
  explicit lag_limiter(std::size_t members);

  /// The member is on the way, with that many phases behind it.
  void walk(std::size_t member, std::uint64_t phases) noexcept;
  void pause(std::size_t member) noexcept;

  /// A member on the way that is more than `lead` behind one with that many
  /// phases behind it. Cost: a look at every member.
  std::optional<std::size_t> behind(std::uint64_t phases,
                                    std::uint64_t lead) const noexcept;

  signal changed;

 private:
  static constexpr std::uint64_t nowhere = ~std::uint64_t{0};

  /// On a cache line of its own.
  struct alignas(64) place {
    std::atomic<std::uint64_t> phases{nowhere};  // nowhere: pauses
  };
  std::vector<place> places_;
};

}  // namespace sounder::actors

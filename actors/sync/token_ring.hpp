#pragma once

// Rings in which a token goes round: HOGWILD++.

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <vector>

#include "actors/sync/meeting.hpp"
#include "actors/wire/signal.hpp"

namespace sounder::actors {

/// Where the token of a ring is, as this process knows it.
///
///   call: from the member that misses it back along the ring, until it is
///         found; it stays with whoever rests until somebody calls, and then
///         goes on from each that rests, up to the caller
///
/// Threads: any.
class token_ring {
 public:
  /// What is said to other processes. Both must not wait.
  struct ways {
    /// The token, to a member there.
    std::function<void(std::size_t to)> bring;
    /// To that of the member before `to`, which is of this one: it is wanted
    /// here, where it has come so many times.
    std::function<void(std::size_t to, std::uint64_t times)> call;
  };

  /// `is_here` says which members are of this process; the token begins with
  /// the first member.
  explicit token_ring(const std::vector<char>& is_here, ways others = {});

  bool is_at(std::size_t position) const noexcept {
    return holder_.load() == position;
  }
  /// None while it is in another process, or on its way.
  std::optional<std::size_t> holder() const noexcept {
    const std::size_t at = holder_.load();
    return at == elsewhere ? std::nullopt : std::optional(at);
  }
  std::size_t size() const noexcept { return members_.size(); }
  std::uint64_t passes() const noexcept { return passes_.load(); }

  /// The member walks, and can take the token.
  void enter(std::size_t position);
  /// The member rests, at an evaluation or for good. The token stays with it
  /// until somebody calls for it, so that looking at replicas changes nothing.
  void resign(std::size_t position);
  /// The member looks for the token. Cost: a lock, and members of this process
  /// on the way back to the token.
  void call(std::size_t position);
  /// To the next member of this process that walks, or to one of another.
  void pass_on();

  /// The token has come to this member from another process.
  void arrive(std::size_t position);
  /// A member of another process, or one further on, calls for the token, which
  /// it has got from here so many times.
  void call_from(std::size_t position, std::uint64_t times);

  /// What is known of the token at the member, and of those sent on from it,
  /// when all rest and no word is under way.
  void keep(std::size_t position, state_archive& all);

  signal changed;

 private:
  static constexpr auto elsewhere = static_cast<std::size_t>(-1);
  struct member {
    bool is_here = false;
    bool walks = false;
    bool is_wanted = false;   // the token by one further on: goes on from rest
    bool has_called = false;  // for the token, to the process before
    std::uint64_t times = 0;  // the token has come from there, or gone there

    void keep(state_archive& all) { all(is_wanted, has_called, times); }
  };
  struct word;
  std::size_t before(std::size_t position) const noexcept {
    return (position + size() - 1) % size();
  }
  word look_back(std::size_t position);
  word next_after(std::size_t from);
  void say(const word& what);

  std::mutex mutex_;
  std::vector<member> members_;  // guarded, but for is_here
  const bool all_are_here_;
  const ways others_;
  std::atomic<std::size_t> holder_;
  std::atomic<std::uint64_t> passes_{0};
};

/// Comes by every tau0 steps to see whether the token is here. A member that
/// the token has not come back to within a turn's worth of steps and two more
/// waits for it: what a ring adds up must stay small against what is left to
/// go, or its sum overshoots.
std::unique_ptr<meeting> meet_on_token(std::unique_ptr<meeting> trade,
                                       std::shared_ptr<token_ring> ring,
                                       std::size_t position);

}  // namespace sounder::actors

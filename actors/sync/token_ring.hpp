#pragma once

// Rings in which a token goes round: HOGWILD++.

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <vector>

#include "actors/sync/meeting.hpp"
#include "actors/wire/signal.hpp"

namespace sounder::actors {

/// Where the token of a ring is, as this node knows it.
///
/// Threads: any.
class token_ring {
 public:
  /// Brings the token to a member on another node.
  using forwarding = std::function<void(std::size_t position)>;

  /// `is_here` says which members are of this node; the token begins with the
  /// first member.
  explicit token_ring(std::vector<char> is_here, forwarding forward = {});

  bool is_at(std::size_t position) const noexcept {
    return holder_.load() == position;
  }
  std::size_t size() const noexcept { return is_here_.size(); }
  std::uint64_t passes() const noexcept { return passes_.load(); }

  /// The member walks, and can take the token.
  void enter(std::size_t position);
  /// The member rests, at an evaluation or for good. The token stays with it
  /// until somebody calls for it, so that looking at replicas changes nothing;
  /// where members are of other nodes, who cannot, it goes on at once.
  void resign(std::size_t position);
  /// Somebody looks for the token: it goes on from a member that rests.
  void call();
  /// To the next member of this node that walks, or to one of another node.
  void pass_on();
  bool is_at_rest(std::size_t position);
  /// The token has come from another node. False when the member rests: then
  /// it is kept until somebody calls pass_on().
  bool arrive(std::size_t position);

  signal changed;

 private:
  static constexpr auto elsewhere = static_cast<std::size_t>(-1);
  void move_on(bool is_called);
  std::size_t next_after(std::size_t from);

  std::mutex mutex_;
  const std::vector<char> is_here_;
  const bool all_are_here_;
  std::vector<char> walks_;  // guarded by the mutex
  forwarding forward_;
  std::atomic<std::size_t> holder_{0};
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

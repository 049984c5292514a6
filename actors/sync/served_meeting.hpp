#pragma once

// Meetings with an target in this process: one class a discipline.

#include <memory>
#include <string>
#include <vector>

#include "actors/sync/meeting.hpp"
#include "kernels/data/random.hpp"
#include "kernels/exchange/exchange_rule.hpp"

namespace sounder::actors {

/// A link's two ends and the rule between them.
struct served_link : local_link {
  std::shared_ptr<target> far;
  std::size_t rank = 0;            // among the links that end there
  bool hold_far = false;           // one at a time at the far end
  std::uint64_t seen_version = 0;  // of the far end, after the last meeting
};

/// What all disciplines are made of.
class served_meeting : public meeting {
 public:
  explicit served_meeting(served_link link);

  void wait() override;
  std::string waits_for() const override;

 protected:
  /// Whether attend() may get on.
  virtual bool may_go_on() const;

  /// Takes what has to be held; all of it or nothing.
  bool try_enter(local_end& own);
  void leave(local_end& own);

  /// ask, serve, take, block by block.
  void trade(local_end& own, const step_context& now);
  /// ask and serve; s <- w.
  void push(local_end& own, const step_context& now);
  /// Takes the far end's parameters over.
  void pull(local_end& own, const step_context& now);

  /// Begins an occasion, at its first attend().
  void come() noexcept;
  /// Ends an occasion: what it has sent, both ways.
  void go(std::uint64_t bytes) noexcept;

  std::size_t size() const noexcept { return link_.snapshot.size(); }
  std::uint64_t vector_bytes() const noexcept { return size() * sizeof(float); }
  /// Around a pass over the link's coordinates. What others of the vector
  /// need is done before where these are not all.
  void start_pass(local_end& own) const noexcept;
  void end_pass(local_end& own) const noexcept;

  served_link link_;

 private:
  using clock = std::chrono::steady_clock;
  bool came_ = false;
  clock::time_point since_;
};

/// First come, first served; one at a time where the link holds the far end.
std::unique_ptr<meeting> meet_freely(served_link link);
std::unique_ptr<meeting> meet_in_turn(served_link link);
std::unique_ptr<meeting> meet_at_barrier(served_link link);
std::unique_ptr<meeting> meet_bounded(served_link link, std::size_t staleness);
std::unique_ptr<meeting> push_and_fetch(served_link link, std::size_t push,
                                        std::size_t fetch);

/// With one of several neighbours, drawn at random.
std::unique_ptr<meeting> meet_at_random(
    std::vector<std::unique_ptr<meeting>> with, kernels::random_stream random);

}  // namespace sounder::actors

#pragma once

// Meetings over one link: a session runs the errands that the link's
// discipline asks for, a channel moves what an errand is about.
//
//   discipline -> errands -> session -> channel: memory | stream -> far end

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "actors/sync/errand.hpp"
#include "actors/sync/meeting.hpp"
#include "kernels/data/random.hpp"

namespace sounder::actors {

/// The way to one far end.
///
/// Threads: one at a time.
class channel {
 public:
  virtual ~channel() = default;

  /// Goes on with an errand; never blocks. True when it is done. Throws
  /// stream_error.
  virtual bool run(errand what, local_end& own, const step_context& now) = 0;

  /// Blocks for some milliseconds at most, until run() may get on.
  virtual void wait(errand what) = 0;

  /// Whether an errand is under way that the far end has not begun to answer.
  virtual bool is_unanswered() const { return false; }

  /// Tells the far end that nobody comes for a while. An errand may be under
  /// way: then nothing is said.
  virtual void rest() = 0;

  /// Since it was last asked: what went over it, and the updates of others at
  /// the far end.
  struct traffic {
    std::uint64_t bytes = 0;
    std::uint64_t staleness = 0;
  };
  virtual traffic take_traffic() = 0;

  /// All that changes of it, between two errands.
  virtual void keep(state_archive& all) = 0;

  /// The far end's place, after its name, for people.
  virtual std::string place() const { return {}; }

  virtual const local_link& link() const = 0;
};

/// Meets as the link's discipline says, and measures.
std::unique_ptr<meeting> meet_over(std::unique_ptr<channel> way);

/// With one of several neighbours, drawn at random. Who is asked and has not
/// begun to answer is not waited for: the replica goes on, takes the answer at
/// an occasion after it has come, and asks others in between (AD-PSGD averages
/// while it computes: Lian et al., ICML 2018, section 3).
std::unique_ptr<meeting> meet_at_random(
    std::vector<std::unique_ptr<meeting>> with, kernels::random_stream random);

}  // namespace sounder::actors

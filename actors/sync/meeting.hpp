#pragma once

// Meetings of a replica with others: the exchanges and disciplines of its
// links at work. A worker that has brought its replica to rest attends the
// due ones in the order of the links.

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "actors/plan/link_record.hpp"
#include "actors/sync/local_end.hpp"
#include "actors/sync/state_archive.hpp"

namespace sounder::actors {

/// One meeting's next occasion, over and over.
///
///   not yet: attend() == false, then wait() and attend() again
///   held:    attend() == true; begins anew with the next attend()
///
/// Threads: one at a time, the worker that brought the replica to rest.
class meeting {
 public:
  virtual ~meeting() = default;

  /// Tries to go on; never blocks. True when this occasion is over. Throws
  /// stream_error when another node is lost; then the published copy is free.
  virtual bool attend(local_end& own, const step_context& now) = 0;

  /// Blocks for some milliseconds at most, until attend() may get on.
  virtual void wait() = 0;

  /// For people: whom attend() returned false for.
  virtual std::string waits_for() const = 0;

  /// The replica will not attend before the others have come as far; lets them
  /// go on without it.
  virtual void resign() {}

  /// Whether it waits for somebody who has not begun to answer: the replica may
  /// go on meanwhile, and attends this occasion again when it likes.
  virtual bool is_unanswered() const { return false; }

  /// Goes on with what is under way. True when nothing is any more, and all
  /// that it has sent has come to where it was sent; or when who has yet to
  /// begin to answer has been asked longer ago than `patience`.
  virtual bool deliver(local_end& /*own*/, const step_context& /*now*/,
                       std::chrono::milliseconds /*patience*/) {
    return true;
  }

  /// Adds what has come for the replica and waits unread to its parameters
  /// `w`. Nothing is taken: it will be read as if nobody had looked.
  virtual void add_unread(const local_end& /*own*/,
                          std::span<float> /*w*/) const {}

  /// All that changes of it, between two occasions.
  virtual void keep(state_archive& all) = 0;

  /// Whether it stands between the gradient of a batch and the optimizer, where
  /// local phases stop there.
  bool before_optimizer = false;
  /// Phases of the replica between two occasions.
  std::uint64_t every_phases = 1;
  /// Local steps between two occasions.
  std::size_t tau = 1;

  const std::vector<std::shared_ptr<link_meter>>& meters() const noexcept {
    return meters_;
  }

 protected:
  std::vector<std::shared_ptr<link_meter>> meters_;
};

}  // namespace sounder::actors

#pragma once

// Where a replica's updates go: to a neighbour, or to all that live in one
// other process.

#include <memory>

#include "actors/plan/link_record.hpp"
#include "actors/sync/inbox.hpp"
#include "actors/sync/state_archive.hpp"
#include "actors/wire/signal.hpp"

namespace sounder::actors {

/// Counts the bytes.
///
/// Threads: one puts, any may ask.
class outbox {
 public:
  virtual ~outbox() = default;
  /// Never blocks. Without room, what adds up is added to what waits.
  virtual void put(update news) = 0;
  /// Nothing waits here to set out: an update may be on the way, no more.
  virtual bool has_room() const = 0;
  /// Until it has, for some milliseconds at most and no longer than that.
  virtual void wait_for_room(signal::time_point until) = 0;
  /// Everything that was put is in the neighbours' inboxes, or was read there.
  virtual bool is_delivered() const = 0;

  /// All that changes of it, when all is delivered.
  virtual void keep(state_archive& all) = 0;
};

/// To a neighbour in this process.
std::shared_ptr<outbox> outbox_in_memory(std::shared_ptr<inbox> to,
                                         std::shared_ptr<link_meter> meter);

}  // namespace sounder::actors

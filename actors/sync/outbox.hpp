#pragma once

// Where a replica's updates to one neighbour go.

#include <memory>

#include "actors/plan/link_record.hpp"
#include "actors/sync/inbox.hpp"

namespace sounder::actors {

/// Counts the bytes.
///
/// Threads: one puts, any may ask.
class outbox {
 public:
  virtual ~outbox() = default;
  /// Never blocks.
  virtual void put(update news) = 0;
  /// Everything that was put is in the neighbour's inbox, or was read there.
  virtual bool is_delivered() const = 0;
};

/// To a neighbour in this process.
std::shared_ptr<outbox> outbox_in_memory(std::shared_ptr<inbox> to,
                                         std::shared_ptr<link_meter> meter);

}  // namespace sounder::actors

#pragma once

// The far end of a link from another node: what a stream_channel talks to.

#include <memory>

#include "actors/sync/codec.hpp"
#include "actors/sync/served_link.hpp"
#include "actors/wire/stream_registry.hpp"

namespace sounder::actors {

class stream_server {
 public:
  virtual ~stream_server() = default;

  /// To be called again and again, by one thread at a time, for as long as it
  /// says true: serves the link's errands as they come, packet by packet, or
  /// waits for some milliseconds at most. False when the stream has ended.
  /// Throws what a rule throws.
  virtual bool turn() = 0;

  /// All that changes of it, between two errands.
  virtual void keep(state_archive& all) = 0;
};

std::shared_ptr<stream_server> serve_by_stream(
    link_end at, std::shared_ptr<pending_stream> wire, codec how);

}  // namespace sounder::actors

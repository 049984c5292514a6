#pragma once

// Meetings with an target on another node: the worker sends its replica's
// vector over in packets and merges what comes back, both at the same time.

#include <memory>
#include <vector>

#include "actors/sync/codec.hpp"
#include "actors/sync/session.hpp"
#include "actors/wire/stream_registry.hpp"

namespace sounder::actors {

/// A link whose far end is on another node.
struct stream_link : local_link {
  std::shared_ptr<pending_stream> wire;  // to its server
  actors::codec codec;
};

std::unique_ptr<meeting> meet_by_stream(stream_link link);

}  // namespace sounder::actors

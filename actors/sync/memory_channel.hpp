#pragma once

// Meetings with a target in this process.

#include <cstddef>
#include <memory>

#include "actors/sync/session.hpp"
#include "actors/sync/target.hpp"

namespace sounder::actors {

/// A link's two ends, the rule between them, and when they meet.
struct memory_link : local_link {
  std::shared_ptr<target> far;
  std::size_t rank = 0;   // among the links that end there
  bool hold_far = false;  // one at a time at the far end
};

std::unique_ptr<meeting> meet_in_memory(memory_link link);

}  // namespace sounder::actors

#pragma once

// Meetings with a target in this process.

#include <memory>
#include <string>
#include <vector>

#include "actors/sync/meeting.hpp"
#include "kernels/data/random.hpp"
#include "kernels/exchange/exchange_rule.hpp"
#include "topology/discipline.hpp"

namespace sounder::actors {

/// A link's two ends, the rule between them, and when they meet.
struct memory_link : local_link {
  topology::discipline discipline;
  std::shared_ptr<target> far;
  std::size_t rank = 0;            // among the links that end there
  bool hold_far = false;           // one at a time at the far end
  std::uint64_t seen_version = 0;  // of the far end, after the last meeting
};

std::unique_ptr<meeting> meet_in_memory(memory_link link);

/// With one of several neighbours, drawn at random.
std::unique_ptr<meeting> meet_at_random(
    std::vector<std::unique_ptr<meeting>> with, kernels::random_stream random);

}  // namespace sounder::actors

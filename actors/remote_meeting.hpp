#pragma once

// Meetings with an endpoint on another node: the worker sends its replica's
// vector over in packets and merges what comes back, both at the same time.

#include <memory>
#include <vector>

#include "actors/codec.hpp"
#include "actors/meeting.hpp"
#include "actors/switchboard.hpp"
#include "kernels/exchange/exchange_rule.hpp"
#include "topology/discipline.hpp"

namespace sounder::actors {

/// A link whose far end is on another node.
struct remote_link : near_link {
  topology::discipline discipline;
  std::shared_ptr<line> wire;  // to its port
  actors::codec codec;
};

std::unique_ptr<meeting> meet_remotely(remote_link link);

}  // namespace sounder::actors

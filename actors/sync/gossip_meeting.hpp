#pragma once

// Meetings with all neighbours at once, by updates into their inboxes.

#include <memory>
#include <string>
#include <vector>

#include "actors/sync/meeting.hpp"
#include "actors/sync/outbox.hpp"

namespace sounder::actors {

/// A neighbour as a replica sees it.
struct neighbour {
  std::size_t replica = 0;
  std::shared_ptr<link_meter> meter;
  double weight = 0.0;  // W_ij
};

/// The neighbours of one replica in one exchange.
struct neighbourhood {
  std::size_t replica = 0;  // the own one
  std::vector<neighbour> out;
  std::vector<std::shared_ptr<outbox>> outboxes;  // to all of them
  std::size_t in = 0;                             // neighbours that send here
  std::shared_ptr<histogram> latency_ns = std::make_shared<histogram>();
  double own_weight = 1.0;
  std::string name;  // the own one
};

/// Every update to everybody, applied on arrival. Of the coordinates behind
/// the first `parameters`, statistics, each replica tells an N-th.
std::unique_ptr<meeting> broadcast_updates(neighbourhood around,
                                           std::vector<float> start,
                                           std::size_t parameters);
/// Neighbour averaging in lockstep.
std::unique_ptr<meeting> average_in_lockstep(neighbourhood around,
                                             std::vector<float> start);
/// Push-sum; in lockstep or with what has arrived. The weights of all, those
/// of updates included, add up to the number of replicas.
std::unique_ptr<meeting> push_shares(neighbourhood around,
                                     std::vector<float> start, bool lockstep);

}  // namespace sounder::actors

#pragma once

// Meetings with an endpoint on another node: the worker waits while a courier
// carries the vector over in packets, each merged on arrival.

#include <atomic>
#include <deque>
#include <memory>
#include <string>

#include <caf/all.hpp>

#include "actors/meeting.hpp"
#include "actors/packet.hpp"
#include "kernels/exchange/exchange_rule.hpp"
#include "topology/discipline.hpp"

namespace sounder::actors {

/// A link whose far end is on another node.
struct remote_link {
  std::shared_ptr<const kernels::exchange_rule> rule;
  topology::discipline discipline;
  std::vector<float> snapshot;
  std::shared_ptr<link_meter> meter;
};

/// The link's meetings, and the courier that carries them to `port`.
///
/// Threads: attend() and wait() as all meetings. The courier touches the
/// replica only between an attend() that begins a meeting and the one that
/// ends it, while all workers rest.
std::unique_ptr<meeting> meet_remotely(caf::actor_system& system,
                                       remote_link link, caf::actor port);

/// What a courier and its meeting share.
class errand {
 public:
  errand(remote_link link) : link_(std::move(link)) {}

  remote_link& link() noexcept { return link_; }

  // Set by the meeting before it sends the courier.
  near_side* own = nullptr;
  moment now;
  packet_kind kind = packet_kind::trade;

  std::atomic<bool> is_done{true};
  std::atomic<std::uint64_t> version{0};  // of the far end, last seen
  signal changed;

 private:
  remote_link link_;
};

/// A courier's state.
struct courier_state {
  const char* name = "courier";

  std::shared_ptr<errand> work;  // set once
  caf::actor port;

  // The meeting at hand.
  std::uint64_t round = 0;
  std::size_t asked = 0;       // coordinates asked for so far
  std::size_t answered = 0;    // packets
  std::size_t taken = 0;       // coordinates merged
  std::size_t packets = 0;     // sent
  std::vector<float> before;   // w when asked
  std::deque<packet> arrived;  // not merged yet
};

caf::behavior courier(caf::stateful_actor<courier_state>* self,
                      std::shared_ptr<errand> work, caf::actor port);

}  // namespace sounder::actors

#pragma once

// Gossip and tokens between two processes, all over one stream.

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <span>
#include <unordered_map>
#include <vector>

#include "actors/sync/codec.hpp"
#include "actors/sync/outbox.hpp"
#include "actors/sync/packet.hpp"
#include "actors/sync/token_ring.hpp"
#include "actors/wire/stream_registry.hpp"
#include "actors/wire/wake_up.hpp"

namespace sounder::actors {

/// What both ends call those who talk through a courier: an update's way from a
/// replica to the other process, or a token's to a member there.
using channel_number = std::uint32_t;

/// Carries what this process and another tell each other.
///
///   outbox --+                                   +--> inboxes of some
///   outbox --+-- packets, in turn --> stream --> +--> inboxes of others
///   token  --+                                   +--> ring
///      delivered <----- receipts, calls -----------+
///
/// An outbox has one update on the way; the next one leaves when a receipt says
/// that the far inboxes have it. Until then those that add up are one, so that
/// nothing piles up for a slow reader here either. What is short goes first;
/// outboxes take turns, packet by packet.
///
/// Threads: what puts into outboxes, and say(), any; the rest one.
/// Memory: of updates that are on the way alone, and two packets.
class courier : public std::enable_shared_from_this<courier> {
 public:
  /// Updates are vectors of this size. The bell rings when there is something
  /// to send.
  courier(std::shared_ptr<pending_stream> wire, std::size_t size,
          std::shared_ptr<wake_up> bell);
  ~courier();

  // Set up before it goes on: who sends and receives on which channel. The
  // codec is that of who comes first.
  /// To one more neighbour there, whose meter counts the bytes; null when what
  /// goes to another comes to it, too.
  std::shared_ptr<outbox> outbox_for(channel_number at, update_kind kind,
                                     std::shared_ptr<link_meter> meter,
                                     codec packing);
  /// What comes from that replica, to one more inbox.
  void deliver(channel_number at, std::size_t from, std::shared_ptr<inbox> to,
               codec packing);
  /// All that changes of who receives there, between two updates.
  void keep(channel_number at, state_archive& all);
  /// A ring's token that comes to its member at that position (push), or calls
  /// for it from there (pull).
  void bring(channel_number at, errand what,
             const std::shared_ptr<token_ring>& to, std::size_t position);

  /// Of a token: a push is the token, a pull calls for it, with `count`.
  void say(channel_number at, errand what, std::uint64_t count = 0);

  /// Moves what can be moved now, within bounds. True when anything was. Throws
  /// stream_error, also when the other end does not speak as it should.
  bool go_on();

  /// Null until both ends are joined.
  stream* wire() const noexcept { return wire_->get(); }
  bool has_to_write() const noexcept { return !out_.is_empty(); }

 private:
  class sender;
  struct receiver;
  struct ring_end {
    errand what;
    std::weak_ptr<token_ring> ring;  // which talks by this courier
    std::size_t position;
  };

  void send_soon(sender& who);
  bool send(stream& wire);
  bool start_packet();
  bool receive(stream& wire);
  void open_packet(const stream& wire);
  void take_packet(const stream& wire);
  void take_part(receiver& to);
  void take_token(const stream& wire, const ring_end& at);

  const std::shared_ptr<pending_stream> wire_;
  const std::size_t size_;
  const std::shared_ptr<wake_up> bell_;
  std::unordered_map<channel_number, std::unique_ptr<sender>> senders_;
  std::unordered_map<channel_number, receiver> receivers_;
  std::unordered_map<channel_number, ring_end> rings_;

  std::mutex mutex_;
  std::deque<packet_header> words_;  // without values; guarded
  std::deque<sender*> turns_;        // of those with something to send; guarded

  // Only the one thread.
  outgoing out_;
  incoming in_;
};

/// Lets all go on once; when nothing moved, waits for the bell, a stream, or so
/// long at most. One whose stream breaks hangs up and is taken out.
void carry(std::vector<std::shared_ptr<courier>>& all, wake_up& bell,
           std::chrono::milliseconds longest,
           const std::function<void(const stream_error& why)>& lost);

}  // namespace sounder::actors

#pragma once

// Gossip and tokens over streams, one for each direction: what stands at both
// ends, to be moved by a stream_loop.

#include <atomic>
#include <memory>
#include <utility>

#include "actors/sync/codec.hpp"
#include "actors/sync/outbox.hpp"
#include "actors/sync/packet.hpp"
#include "actors/sync/token_ring.hpp"
#include "actors/wire/stream_loop.hpp"

namespace sounder::actors {

/// An outbox to a neighbour on another node, and what sends from it.
struct streamed_outbox {
  std::shared_ptr<outbox> to;
  std::shared_ptr<stream_user> sender;
};
streamed_outbox outbox_by_stream(std::size_t size, update_kind kind,
                                 codec packing,
                                 std::shared_ptr<link_meter> meter,
                                 std::shared_ptr<wake_up> bell);

/// The far end: puts what comes from that neighbour into the inbox.
std::shared_ptr<stream_user> updates_by_stream(std::shared_ptr<inbox> to,
                                               std::size_t from,
                                               std::size_t size, codec packing);

/// Sends a ring's token to the member at the stream's far end.
///
/// Threads: any may send.
class token_sender : public stream_user {
 public:
  explicit token_sender(std::shared_ptr<wake_up> bell)
      : bell_(std::move(bell)) {}

  void send() {
    tokens_.fetch_add(1);
    bell_->ring();
  }

  bool go_on(stream& wire) override;
  bool has_to_write() const override { return !out_.is_empty(); }

 private:
  std::shared_ptr<wake_up> bell_;
  std::atomic<unsigned> tokens_{0};
  outgoing out_;
  incoming in_{0};  // nothing comes but the end of the stream
};

/// Takes the token in for the member at that position. Where the member rests,
/// the token goes on a millisecond later.
std::shared_ptr<stream_user> tokens_by_stream(std::shared_ptr<token_ring> ring,
                                              std::size_t position);

}  // namespace sounder::actors

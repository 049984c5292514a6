#include "actors/sync/update_stream.hpp"

#include <algorithm>
#include <chrono>
#include <deque>
#include <mutex>
#include <optional>
#include <utility>

#include "actors/sync/packet.hpp"

namespace sounder::actors {

namespace {

/// An update goes out as the packets of a push:
///
///   near end                          far end
///   waiting -> in flight --packets--> together again -> inbox
///              delivered <--answer----+
///
/// The next one leaves when this one is delivered. Until then those that add
/// up are one, so that nothing piles up for a slow reader here either.
class outbox_sender : public outbox, public stream_user {
 public:
  outbox_sender(std::size_t size, update_kind kind, codec packing,
                std::shared_ptr<link_meter> meter,
                std::shared_ptr<wake_up> bell)
      : kind_(kind),
        meter_(std::move(meter)),
        bell_(std::move(bell)),
        out_(std::move(packing.out)),
        answers_(size) {}

  void put(update news) override {
    {
      const std::scoped_lock lock(mutex_);
      if (adds_up(kind_) && !waiting_.empty()) {
        add_update(waiting_.back(), news);
      } else {
        waiting_.push_back(std::move(news));
      }
    }
    bell_->ring();
  }

  bool is_delivered() const override {
    const std::scoped_lock lock(mutex_);
    return waiting_.empty() && !in_flight_;
  }

  bool has_to_write() const override { return !out_.is_empty(); }

  bool go_on(stream& wire) override {
    bool moved = receive(wire);
    while (!out_.is_empty() || start_packet()) {
      if (!out_.send_on(wire)) {
        break;
      }
      moved = true;
    }
    return moved;
  }

 private:
  /// The far end says that the update is in its inbox.
  bool receive(stream& wire) {
    const bool moved = answers_.receive_on(wire);
    if (answers_.is_complete()) {
      const std::scoped_lock lock(mutex_);
      const packet_header& header = answers_.header();
      if (header.kind != errand::push || header.bytes != 0 || !in_flight_ ||
          sent_ < in_flight_->values->size() ||
          header.version != in_flight_->round) {
        throw wire.error("an answer that does not fit");
      }
      in_flight_.reset();
      answers_.clear();
    }
    return moved;
  }

  /// False when nothing is left to send.
  bool start_packet() {
    if (!in_flight_) {
      const std::scoped_lock lock(mutex_);
      if (waiting_.empty()) {
        return false;
      }
      in_flight_ = std::move(waiting_.front());
      waiting_.pop_front();
      sent_ = 0;
    }
    const std::vector<float>& values = *in_flight_->values;
    if (sent_ == values.size()) {
      return false;
    }
    packet_header header;
    header.kind = errand::push;
    header.weight = in_flight_->weight;
    header.version = in_flight_->round;
    header.offset = sent_;
    header.length = static_cast<std::uint32_t>(
        std::min(packet_floats, values.size() - sent_));
    header.bytes = header.length * sizeof(float);
    std::copy_n(values.data() + sent_, header.length, out_.start(header));
    meter_->bytes.fetch_add(out_.seal());
    sent_ += header.length;
    return true;
  }

  const update_kind kind_;
  std::shared_ptr<link_meter> meter_;
  std::shared_ptr<wake_up> bell_;

  mutable std::mutex mutex_;
  std::deque<update> waiting_;       // guarded
  std::optional<update> in_flight_;  // changed under the lock by the loop

  // Only the loop.
  outgoing out_;
  incoming answers_;
  std::size_t sent_ = 0;  // floats of the one in flight
};

/// Puts packets together, and answers when an update is in the inbox.
class inbox_receiver : public stream_user {
 public:
  inbox_receiver(std::shared_ptr<inbox> to, std::size_t from, std::size_t size,
                 codec packing)
      : to_(std::move(to)), from_(from), in_(size, std::move(packing.in)) {
    whole_.resize(size);
  }

  bool has_to_write() const override { return !out_.is_empty(); }

  bool go_on(stream& wire) override {
    bool moved = false;
    for (;;) {
      moved = out_.send_on(wire) || moved;
      if (!in_.receive_on(wire)) {
        return moved;
      }
      moved = true;
      if (in_.is_complete()) {
        take(wire);
      }
    }
  }

 private:
  void take(const stream& wire) {
    packet_header header = in_.header();
    if (header.kind != errand::push || header.offset != got_ ||
        header.bytes == 0 || !out_.is_empty()) {
      throw wire.error("a packet out of turn");
    }
    std::copy_n(in_.values(), header.length, whole_.data() + got_);
    got_ += header.length;
    in_.clear();
    if (got_ < whole_.size()) {
      return;
    }
    to_->put({from_, header.version, header.weight,
              std::make_shared<std::vector<float>>(whole_)});
    got_ = 0;
    header.offset = 0;
    header.length = 0;
    header.bytes = 0;
    out_.start(header);
  }

  std::shared_ptr<inbox> to_;
  const std::size_t from_;
  std::vector<float> whole_;
  std::size_t got_ = 0;  // floats of the update that comes
  incoming in_;
  outgoing out_;
};

class token_receiver : public stream_user {
 public:
  token_receiver(std::shared_ptr<token_ring> ring, std::size_t position)
      : ring_(std::move(ring)), position_(position) {}

  bool has_to_write() const override { return false; }
  bool is_pressing() const override { return goes_on_at_.has_value(); }

  bool go_on(stream& wire) override {
    pass_on();
    const bool moved = in_.receive_on(wire);
    if (in_.is_complete()) {
      in_.clear();
      if (!ring_->arrive(position_)) {
        goes_on_at_ = clock::now() + while_at_rest;
      }
    }
    return moved;
  }

 private:
  using clock = std::chrono::steady_clock;
  static constexpr std::chrono::milliseconds while_at_rest{1};

  /// The member may have come back to walk meanwhile, and have the token.
  void pass_on() {
    if (goes_on_at_ && clock::now() >= *goes_on_at_) {
      goes_on_at_.reset();
      if (ring_->is_at(position_) && ring_->is_at_rest(position_)) {
        ring_->pass_on();
      }
    }
  }

  std::shared_ptr<token_ring> ring_;
  const std::size_t position_;
  incoming in_{0};
  std::optional<clock::time_point> goes_on_at_;
};

}  // namespace

streamed_outbox outbox_by_stream(std::size_t size, update_kind kind,
                                 codec packing,
                                 std::shared_ptr<link_meter> meter,
                                 std::shared_ptr<wake_up> bell) {
  auto made = std::make_shared<outbox_sender>(
      size, kind, std::move(packing), std::move(meter), std::move(bell));
  return {made, made};
}

std::shared_ptr<stream_user> updates_by_stream(std::shared_ptr<inbox> to,
                                               std::size_t from,
                                               std::size_t size,
                                               codec packing) {
  return std::make_shared<inbox_receiver>(std::move(to), from, size,
                                          std::move(packing));
}

bool token_sender::go_on(stream& wire) {
  bool moved = in_.receive_on(wire);
  while (!out_.is_empty() || tokens_.load() > 0) {
    if (out_.is_empty()) {
      tokens_.fetch_sub(1);
      packet_header token;
      token.kind = errand::push;
      out_.start(token);
    }
    if (!out_.send_on(wire)) {
      break;
    }
    moved = true;
  }
  if (in_.is_complete()) {
    throw wire.error("an answer to a token");
  }
  return moved;
}

std::shared_ptr<stream_user> tokens_by_stream(std::shared_ptr<token_ring> ring,
                                              std::size_t position) {
  return std::make_shared<token_receiver>(std::move(ring), position);
}

}  // namespace sounder::actors

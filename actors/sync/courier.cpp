#include "actors/sync/courier.hpp"

#include <algorithm>
#include <string>
#include <utility>

namespace sounder::actors {

/// The outbox:
///
///   waiting -> in flight --packets--> far inboxes
///              delivered <--receipt---+
class courier::sender : public outbox {
 public:
  sender(courier& by, channel_number at, update_kind kind,
         std::optional<kernels::packer> packer)
      : by_(by), at_(at), kind_(kind), packer_(std::move(packer)) {}

  void count_for(std::shared_ptr<link_meter> meter) {
    meters_.push_back(std::move(meter));
  }

  void put(update news) override {
    {
      const std::scoped_lock lock(mutex_);
      if (!waiting_.empty()) {
        if (adds_up(kind_)) {
          add_update(waiting_.back(), news);
        } else {
          waiting_.push_back(std::move(news));
        }
        return;  // its turn comes
      }
      waiting_.push_back(std::move(news));
      if (in_flight_) {
        return;  // once the receipt is there
      }
    }
    by_.send_soon(*this);
  }

  bool has_room() const override {
    const std::scoped_lock lock(mutex_);
    return waiting_.empty();
  }

  void wait_for_room(signal::time_point until) override {
    static_cast<void>(set_out_.wait([this] { return has_room(); }, until));
  }

  bool is_delivered() const override {
    const std::scoped_lock lock(mutex_);
    return waiting_.empty() && !in_flight_;
  }

  void keep(state_archive& all) override {
    all.require_rest(is_delivered());
    if (packer_) {
      all(*packer_);
    }
  }

  /// True when more of the update is left to send.
  bool start_packet(outgoing& out) {
    if (!in_flight_) {
      {
        const std::scoped_lock lock(mutex_);
        in_flight_ = std::move(waiting_.front());
        waiting_.erase(waiting_.begin());
        sent_ = 0;
      }
      set_out_.notify();
    }
    const std::vector<float>& values = *in_flight_->values;
    packet_header header;
    header.kind = errand::push;
    header.channel = at_;
    header.factor = in_flight_->weight;
    header.version = in_flight_->round;
    header.offset = sent_;
    header.length = static_cast<std::uint32_t>(
        std::min(packet_floats, values.size() - sent_));
    header.bytes = header.length * sizeof(float);
    std::copy_n(values.data() + sent_, header.length,
                out.start(header, packer_ ? &*packer_ : nullptr));
    const std::uint32_t bytes = out.seal();
    for (const auto& meter : meters_) {
      meter->bytes.fetch_add(bytes, std::memory_order_relaxed);
    }
    sent_ += header.length;
    return sent_ < values.size();
  }

  bool expects(const packet_header& receipt) const {
    return receipt.kind == errand::push && in_flight_ &&
           sent_ == in_flight_->values->size() &&
           receipt.version == in_flight_->round;
  }
  /// True when the next one may go.
  bool finish() {
    const std::scoped_lock lock(mutex_);
    in_flight_.reset();
    return !waiting_.empty();
  }

 private:
  courier& by_;
  const channel_number at_;
  const update_kind kind_;
  std::optional<kernels::packer> packer_;
  std::vector<std::shared_ptr<link_meter>> meters_;  // set up

  mutable std::mutex mutex_;
  std::vector<update> waiting_;      // guarded
  std::optional<update> in_flight_;  // changed under the lock by the one thread
  std::size_t sent_ = 0;             // floats of it; only the one thread
  signal set_out_;
};

/// Puts packets together.
struct courier::receiver {
  std::size_t from = 0;
  std::vector<std::shared_ptr<inbox>> to;
  std::optional<kernels::unpacker> unpacker;
  std::shared_ptr<std::vector<float>> whole;  // while an update comes
  std::size_t got = 0;                        // floats of it
};

courier::courier(std::shared_ptr<pending_stream> wire, std::size_t size,
                 std::shared_ptr<wake_up> bell)
    : wire_(std::move(wire)), size_(size), bell_(std::move(bell)) {}

courier::~courier() = default;

std::shared_ptr<outbox> courier::outbox_for(channel_number at, update_kind kind,
                                            std::shared_ptr<link_meter> meter,
                                            codec packing) {
  auto& known = senders_[at];
  const bool is_first = !known;
  if (is_first) {
    known = std::make_unique<sender>(*this, at, kind, std::move(packing.out));
  }
  known->count_for(std::move(meter));
  return is_first ? std::shared_ptr<outbox>(shared_from_this(), known.get())
                  : nullptr;
}

void courier::deliver(channel_number at, std::size_t from,
                      std::shared_ptr<inbox> to, codec packing) {
  receiver& known = receivers_[at];
  if (known.to.empty()) {
    known.from = from;
    known.unpacker = std::move(packing.in);
  }
  known.to.push_back(std::move(to));
}

void courier::keep(channel_number at, state_archive& all) {
  receiver& known = receivers_.at(at);
  all.require_rest(known.got == 0);
  if (known.unpacker) {
    all(*known.unpacker);
  }
}

void courier::bring(channel_number at, errand what,
                    const std::shared_ptr<token_ring>& to,
                    std::size_t position) {
  rings_[at] = {what, to, position};
}

void courier::say(channel_number at, errand what, std::uint64_t count) {
  packet_header word;
  word.kind = what;
  word.channel = at;
  word.version = count;
  {
    const std::scoped_lock lock(mutex_);
    words_.push_back(word);
  }
  bell_->ring();
}

void courier::send_soon(sender& who) {
  {
    const std::scoped_lock lock(mutex_);
    turns_.push_back(&who);
  }
  bell_->ring();
}

bool courier::go_on() {
  stream* const wire = wire_->get();
  if (wire == nullptr) {
    return false;
  }
  constexpr int packets = 16;  // then it is another courier's turn
  bool moved = false;
  for (int k = 0; k < packets; ++k) {
    const bool has_come = receive(*wire);
    if (!send(*wire) && !has_come) {
      break;
    }
    moved = true;
  }
  return moved;
}

bool courier::send(stream& wire) {
  return (!out_.is_empty() || start_packet()) && out_.send_on(wire);
}

/// False when there is nothing to send.
bool courier::start_packet() {
  sender* next = nullptr;
  {
    const std::scoped_lock lock(mutex_);
    if (!words_.empty()) {
      out_.start(words_.front(), nullptr);
      words_.pop_front();
      return true;
    }
    if (turns_.empty()) {
      return false;
    }
    next = turns_.front();
    turns_.pop_front();
  }
  if (next->start_packet(out_)) {
    const std::scoped_lock lock(mutex_);
    turns_.push_back(next);
  }
  return true;
}

bool courier::receive(stream& wire) {
  const bool moved = in_.receive_header(wire);
  if (in_.has_header() && !in_.is_open()) {
    open_packet(wire);
  }
  const bool has_come = in_.is_open() && in_.receive_values(wire);
  if (in_.is_complete()) {
    take_packet(wire);
    in_.clear();
  }
  return moved || has_come;
}

/// Its values go straight to where the update is put together.
void courier::open_packet(const stream& wire) {
  const packet_header& header = in_.header();
  const auto found = receivers_.find(header.channel);
  if (found == receivers_.end()) {
    if (!senders_.contains(header.channel) &&
        !rings_.contains(header.channel)) {
      throw wire.error("a packet of no link between them: " +
                       std::to_string(header.channel));
    }
    // Receipts, tokens and calls are headers alone.
    in_.open(wire, 0, nullptr);
    return;
  }
  receiver& to = found->second;
  if (header.kind != errand::push || header.offset != to.got ||
      header.bytes == 0) {
    throw wire.error("a packet out of turn");
  }
  if (!to.whole) {
    to.whole = std::make_shared<std::vector<float>>(size_);
  }
  in_.open(wire, size_, to.unpacker ? &*to.unpacker : nullptr,
           to.whole->data());
}

void courier::take_packet(const stream& wire) {
  const packet_header& header = in_.header();
  if (const auto to = receivers_.find(header.channel); to != receivers_.end()) {
    take_part(to->second);
  } else if (const auto of = senders_.find(header.channel);
             of != senders_.end()) {
    if (!of->second->expects(header)) {
      throw wire.error("a receipt that does not fit");
    }
    if (of->second->finish()) {
      send_soon(*of->second);
    }
  } else {
    take_token(wire, rings_.at(header.channel));
  }
}

void courier::take_part(receiver& to) {
  const packet_header& header = in_.header();
  to.got += header.length;
  if (to.got < size_) {
    return;
  }
  for (const auto& each : to.to) {
    each->put({to.from, header.version, header.factor, to.whole});
  }
  to.whole.reset();
  to.got = 0;
  say(header.channel, errand::push, header.version);
}

void courier::take_token(const stream& wire, const ring_end& at) {
  if (in_.header().kind != at.what) {
    throw wire.error("a token out of turn");
  }
  const std::shared_ptr<token_ring> ring = at.ring.lock();
  if (ring && at.what == errand::push) {
    ring->arrive(at.position);
  } else if (ring) {
    ring->call_from(at.position, in_.header().version);
  }
}

void carry(std::vector<std::shared_ptr<courier>>& all, wake_up& bell,
           std::chrono::milliseconds longest,
           const std::function<void(const stream_error& why)>& lost) {
  // Before they are asked: who rings from now on is not missed.
  bell.clear();
  bool moved = false;
  std::erase_if(all, [&](const std::shared_ptr<courier>& each) {
    try {
      moved = each->go_on() || moved;
      return false;
    } catch (const stream_error& why) {
      each->wire()->hang_up();
      lost(why);
      return true;
    }
  });
  if (moved) {
    return;
  }
  std::vector<stream::interest> wires;
  for (const auto& each : all) {
    if (each->wire() != nullptr) {
      wires.push_back({each->wire(), true, each->has_to_write()});
    } else {
      // One that has not come yet does not ring.
      longest = std::min(longest, std::chrono::milliseconds(1));
    }
  }
  stream::wait(wires, longest, {}, &bell);
}

}  // namespace sounder::actors

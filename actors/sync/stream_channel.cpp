#include "actors/sync/stream_channel.hpp"

#include <algorithm>
#include <utility>

#include "actors/sync/packet.hpp"

namespace sounder::actors {

namespace {

/// Sends an errand's packets and takes the answers, both at the same time; the
/// server at the far end says when an errand may begin.
///
///   coordinates  0 ... answered_ ... asked_ ... size_
///                taken      |  on the way | not asked about yet
class stream_channel : public channel {
 public:
  explicit stream_channel(stream_link link)
      : link_(std::move(link)),
        size_(link_.snapshot.size()),
        out_(std::move(link_.codec.out)),
        in_(size_, std::move(link_.codec.in)) {}

  bool run(errand what, local_end& own, const step_context& now) override {
    if (link_.wire->get() == nullptr) {
      return false;
    }
    // Folded before: the packets of an errand come and go on their own, perhaps
    // from one rest to another.
    if (!own.settle()) {
      is_published_held_ = true;
      return false;
    }
    if (!std::exchange(is_out_, true)) {
      what_ = what;
      asked_ = answered_ = 0;
    }
    while (answered_ < size_) {
      const bool moved = send_on(own, now);
      if (!receive_on(own, now) && !moved) {
        return false;
      }
    }
    is_out_ = false;
    return true;
  }

  void wait(errand /*what*/) override {
    const stream* const wire = link_.wire->get();
    if (wire == nullptr) {
      static_cast<void>(link_.wire->changed.wait(
          [this] { return link_.wire->get() != nullptr; }));
    } else if (is_published_held_) {
      std::this_thread::sleep_for(std::chrono::microseconds(50));
    } else {
      const stream::interest both = {wire, true, !out_.is_empty()};
      stream::wait({&both, 1}, longest);
    }
  }

  bool is_unanswered() const override {
    return is_out_ && answered_ == 0 && !in_.has_header();
  }

  /// So few bytes go at once, or the node is lost, which the next meeting says.
  void rest() override {
    stream* const wire = link_.wire->get();
    if (wire == nullptr || is_out_ || !out_.is_empty()) {
      return;
    }
    packet_header header;
    header.kind = errand::rest;
    try {
      out_.start(header);
      out_.seal();
      while (!out_.send_on(*wire) || !out_.is_empty()) {
        const stream::interest writing = {wire, false, true};
        stream::wait({&writing, 1}, longest);
      }
    } catch (const stream_error&) {
    }
  }

  void keep(state_archive& all) override {
    all.require_rest(!is_out_ && out_.is_empty());
    all(link_.snapshot, out_, in_, version_, seen_version_);
  }

  traffic take_traffic() override {
    const std::uint64_t since = std::exchange(seen_version_, version_);
    return {std::exchange(bytes_, 0),
            version_ - since - std::exchange(own_updates_, 0)};
  }

  std::string place() const override { return " on another node"; }

  const local_link& link() const override { return link_; }

 private:
  static constexpr std::chrono::milliseconds longest{1};

  bool try_hold(local_end& own) {
    is_published_held_ = !own.try_hold();
    return !is_published_held_;
  }

  bool send_on(local_end& own, const step_context& now) {
    bool moved = false;
    for (;;) {
      if (out_.is_empty()) {
        if (asked_ == size_ || !try_hold(own)) {
          return moved;
        }
        ask(own, now);
        own.let_go();
        moved = true;
      }
      if (!out_.send_on(*link_.wire->get())) {
        return moved;
      }
      moved = true;
    }
  }

  void ask(local_end& own, const step_context& now) {
    packet_header header;
    header.kind = what_;
    header.before_optimizer = own.has_gradient() ? 1 : 0;
    header.factor = static_cast<double>(now.step);
    header.offset = asked_;
    header.length =
        static_cast<std::uint32_t>(std::min(packet_floats, size_ - asked_));
    const std::size_t n = header.length;
    const bool is_up = header.kind != errand::pull;
    header.bytes = is_up ? header.length * sizeof(float) : 0;
    float* const up = out_.start(header);
    if (is_up) {
      link_.ask(what_, own, now, asked_, n, up);
      bytes_ += out_.seal(link_.rule->up_rate(now.step, own.has_gradient()));
    }
    asked_ += n;
  }

  bool receive_on(local_end& own, const step_context& now) {
    bool moved = false;
    while (answered_ < size_) {
      if (!in_.is_complete() && !in_.receive_on(*link_.wire->get())) {
        return moved;
      }
      moved = true;
      if (!in_.is_complete()) {
        continue;
      }
      check_answer();
      if (!try_hold(own)) {
        return moved;
      }
      take(own, now);
      own.let_go();
      in_.clear();
    }
    return moved;
  }

  void check_answer() const {
    const packet_header& header = in_.header();
    const bool fits = header.kind == what_ ||
                      (header.kind == errand::drop &&
                       (what_ == errand::trade || what_ == errand::push));
    if (!fits || header.offset != answered_ ||
        (header.bytes == 0) != (what_ == errand::push)) {
      throw link_.wire->get()->error("an answer that does not fit");
    }
  }

  void take(local_end& own, const step_context& now) {
    const packet_header& header = in_.header();
    const std::size_t n = header.length;
    if (header.bytes > 0) {
      link_.take(what_, own, now, answered_, n, in_.values(),
                 out_.residual(kernels::payload::differences, answered_));
      bytes_ += header.bytes;
    }
    answered_ += n;
    version_ = header.version;
    if (answered_ == size_) {
      count(header.kind == errand::drop);
    }
  }

  /// The far end tells its version without the update at hand.
  void count(bool is_dropped) {
    if (is_dropped) {
      link_.meter->dropped.fetch_add(1, std::memory_order_relaxed);
    } else if (what_ != errand::pull) {
      ++version_;
      ++own_updates_;
    }
  }

  stream_link link_;
  std::size_t size_;
  bool is_published_held_ = false;

  // The errand at hand.
  bool is_out_ = false;
  errand what_ = errand::trade;
  std::size_t asked_ = 0;     // coordinates asked about so far
  std::size_t answered_ = 0;  // and answered
  outgoing out_;
  incoming in_;

  // Of this occasion.
  std::uint64_t bytes_ = 0;
  std::uint64_t own_updates_ = 0;

  // Of the far end: now, and after the last occasion.
  std::uint64_t version_ = 0;
  std::uint64_t seen_version_ = 0;
};

}  // namespace

std::unique_ptr<meeting> meet_by_stream(stream_link link) {
  return meet_over(std::make_unique<stream_channel>(std::move(link)));
}

}  // namespace sounder::actors

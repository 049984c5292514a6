#include "actors/sync/stream_session.hpp"

#include <algorithm>
#include <utility>

#include "actors/sync/gate/gate.hpp"
#include "actors/sync/packet.hpp"
#include "kernels/exchange/overwrite.hpp"
#include "kernels/shared_vector.hpp"

namespace sounder::actors {

namespace {

using clock = std::chrono::steady_clock;

/// A discipline at the near end says which errands a meeting is made of; the
/// port at the far end says when they may begin.
class stream_session : public meeting {
 public:
  explicit stream_session(stream_link link)
      : link_(std::move(link)),
        size_(link_.snapshot.size()),
        out_(std::move(link_.codec.out)),
        in_(size_, std::move(link_.codec.in)) {
    meters_.push_back(link_.meter);
  }

  bool attend(local_end& own, const step_context& now) override {
    if (!std::exchange(came_, true)) {
      since_ = clock::now();
      steps_ += tau;
      errands_ = errands_for(link_.discipline, steps_,
                             kernels::moves_both(*link_.rule));
    }
    if (link_.wire->get() != nullptr) {
      run_errands(own, now);
    }
    if (!errands_.is_empty()) {
      return false;
    }
    finish();
    return true;
  }

  void wait() override {
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

  /// So few bytes go at once, or the node is lost, which the next meeting says.
  void resign() override {
    stream* const wire = link_.wire->get();
    if (wire == nullptr || came_ || !out_.is_empty()) {
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

  std::string waits_for() const override {
    return meters_.front()->from + " waits for " + meters_.front()->to +
           " on another node";
  }

 private:
  static constexpr std::chrono::milliseconds longest{5};

  void run_errands(local_end& own, const step_context& now) {
    while (!errands_.is_empty()) {
      // Folded before: the packets of an errand come and go on their own.
      if (!is_out_ && !own.settle()) {
        is_published_held_ = true;
        return;
      }
      if (!std::exchange(is_out_, true)) {
        asked_ = answered_ = 0;
      }
      while (answered_ < size_) {
        const bool moved = send_on(own, now);
        if (!receive_on(own, now) && !moved) {
          return;
        }
      }
      is_out_ = false;
      errands_.pop();
    }
  }

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
    header.kind = errands_.front();
    header.before_optimizer = own.has_gradient() ? 1 : 0;
    header.step = now.step;
    header.offset = asked_;
    header.length =
        static_cast<std::uint32_t>(std::min(packet_floats, size_ - asked_));
    const std::size_t n = header.length;
    const bool is_up = header.kind != errand::pull;
    header.bytes = is_up ? header.length * sizeof(float) : 0;
    float* const up = out_.start(header);
    if (is_up) {
      const kernels::near_end near = link_.open(own, now, asked_, n);
      link_.rule->ask(near, up);
      if (header.kind == errand::push) {
        kernels::relaxed::copy(near.w, n, near.s);
      } else {
        before_.resize(size_);
        kernels::relaxed::copy(near.w, n, before_.data() + asked_);
      }
      link_.close(own, asked_, n);
      bytes_ += out_.seal();
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
    const errand asked = errands_.front();
    const bool fits = header.kind == asked ||
                      (header.kind == errand::drop &&
                       (asked == errand::trade || asked == errand::push));
    if (!fits || header.offset != answered_ ||
        (header.bytes == 0) != (asked == errand::push)) {
      throw link_.wire->get()->error("an answer that does not fit");
    }
  }

  void take(local_end& own, const step_context& now) {
    const packet_header& header = in_.header();
    const std::size_t n = header.length;
    if (header.bytes > 0) {
      const kernels::near_end near = link_.open(own, now, answered_, n);
      if (header.kind == errand::pull) {
        kernels::overwrite().take(near, in_.values(), nullptr);
      } else {
        link_.take(own, near, in_.values(), before_.data() + answered_);
      }
      // What has not travelled yet stays in the own parameters.
      if (const float* const lost =
              out_.lost(kernels::payload::differences, answered_)) {
        link_.rule->keep(near, lost);
      }
      link_.close(own, answered_, n);
      bytes_ += header.bytes;
    }
    answered_ += n;
    version_ = header.version;
    if (header.kind == errand::drop && answered_ == size_) {
      meters_.front()->dropped.fetch_add(1, std::memory_order_relaxed);
    }
  }

  void finish() {
    link_meter& meter = *meters_.front();
    meter.staleness.add(
        version_ > seen_version_ + 1 ? version_ - seen_version_ - 1 : 0);
    seen_version_ = version_;
    meter.bytes.fetch_add(std::exchange(bytes_, 0));
    meter.latency_ns.add(
        static_cast<std::uint64_t>((clock::now() - since_).count()));
    came_ = false;
  }

  stream_link link_;
  std::size_t size_;
  errand_list errands_;  // of this meeting, still to run
  bool came_ = false;
  bool is_out_ = false;
  bool is_published_held_ = false;

  // The errand at hand.
  std::size_t asked_ = 0;      // coordinates asked about so far
  std::size_t answered_ = 0;   // and answered
  std::vector<float> before_;  // w when asked
  outgoing out_;
  incoming in_;

  std::size_t steps_ = 0;
  std::uint64_t bytes_ = 0;
  std::uint64_t version_ = 0;
  std::uint64_t seen_version_ = 0;
  clock::time_point since_;
};

}  // namespace

std::unique_ptr<meeting> meet_by_stream(stream_link link) {
  return std::make_unique<stream_session>(std::move(link));
}

}  // namespace sounder::actors

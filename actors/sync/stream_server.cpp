#include "actors/sync/stream_server.hpp"

#include <algorithm>
#include <utility>
#include <vector>

#include "actors/sync/packet.hpp"

namespace sounder::actors {

namespace {

/// Nothing is taken in before the answer to what came last has gone.
///
///   idle --first packet--> entering --let in--> serving --all packets--> idle
///
///   idle --of a sync--> taking_in --all packets--> waiting --all have come-->
///        answering --all packets--> idle
class packet_server : public stream_server {
 public:
  packet_server(link_end at, std::shared_ptr<pending_stream> wire, codec how)
      : link_(std::move(at)),
        wire_(std::move(wire)),
        size_(link_.at().far->parameters().size()),
        in_(size_, std::move(how.in)),
        out_(std::move(how.out)) {}

  bool turn() override {
    stream* const wire = wire_->get();
    if (wire == nullptr) {
      static_cast<void>(
          wire_->changed.wait([this] { return wire_->get() != nullptr; }));
      return true;
    }
    try {
      if (go_on(*wire)) {
        awake_ = stream::moment;
      } else {
        wait(*wire);
      }
    } catch (const stream_error&) {
      // The other side has ended, or will say itself that it has lost us.
      wire->hang_up();
      link_.abandon();
      return false;
    }
    return true;
  }

  void keep(state_archive& all) override {
    all.require_rest(stage_ == stage::idle && out_.is_empty());
    all(link_, in_, out_);
  }

 private:
  enum class stage { idle, entering, serving, taking_in, waiting, answering };

  /// True when anything moved.
  bool go_on(stream& wire) {
    if (!out_.is_empty()) {
      return out_.send_on(wire);
    }
    if (must_receive()) {
      return in_.receive_on(wire);
    }
    const packet_header& header = in_.header();
    switch (stage_) {
      case stage::idle:
        return start(header);
      case stage::entering:
        return advance(link_.try_begin(what_, static_cast<float>(header.factor),
                                       header.before_optimizer != 0),
                       stage::serving);
      case stage::serving:
        return serve(header);
      case stage::taking_in:
        return take_in(header);
      case stage::waiting:
        return advance(link_.is_round_over(), stage::answering);
      case stage::answering:
        break;
    }
    return answer();
  }

  /// Who is let in has brought its first packet: one that stops on the way with
  /// it has nothing held.
  bool must_receive() const noexcept {
    return (stage_ == stage::idle || stage_ == stage::serving ||
            stage_ == stage::taking_in) &&
           !in_.is_complete();
  }

  bool advance(bool may, stage next) noexcept {
    stage_ = may ? next : stage_;
    return may;
  }

  /// For the stream; or for the discipline, or who holds the target.
  void wait(const stream& wire) {
    if (out_.is_empty() && !must_receive()) {
      link_.wait(what_);
      return;
    }
    const stream::interest one = {&wire, out_.is_empty(), !out_.is_empty()};
    stream::wait({&one, 1}, std::chrono::milliseconds(10),
                 std::exchange(awake_, {}));
  }

  bool start(const packet_header& header) {
    what_ = header.kind;
    if (what_ == errand::rest) {
      in_.clear();
      link_.rests();
      return true;
    }
    if (what_ > errand::sync) {
      throw stream_error("a packet that asks for nothing");
    }
    payload_.resize(what_ == errand::sync ? size_ : 0);
    return advance(true,
                   what_ == errand::sync ? stage::taking_in : stage::entering);
  }

  bool serve(const packet_header& header) {
    check(header);
    if (!link_.try_open()) {
      return false;
    }
    const std::size_t n = header.length;
    if (what_ == errand::push) {
      link_.serve(done_, n, in_.values());
      start_answer(n, false);
    } else {
      float* const payload = start_answer(n, true);
      std::copy_n(in_.values(), what_ == errand::trade ? n : 0, payload);
      link_.serve(done_, n, payload);
    }
    seal(n);
    link_.close();
    in_.clear();
    return finish(n);
  }

  bool take_in(const packet_header& header) {
    check(header);
    const std::size_t n = header.length;
    std::copy_n(in_.values(), n, payload_.data() + done_);
    in_.clear();
    if (has_all(n)) {
      link_.come({payload_.data(), static_cast<float>(header.factor),
                  header.before_optimizer != 0});
      stage_ = stage::waiting;
    }
    return true;
  }

  /// The next packet of a sync's answer. Where others take back, too, they do
  /// so one at a time.
  bool answer() {
    target& far = *link_.at().far;
    const bool makes_up =
        out_.residual(kernels::payload::pulls, done_) != nullptr;
    if (makes_up && !far.try_hold()) {
      return false;
    }
    const std::size_t n = std::min(packet_floats, size_ - done_);
    std::copy_n(payload_.data() + done_, n, start_answer(n, true));
    seal(n);
    if (makes_up) {
      far.let_go();
    }
    return finish(n);
  }

  void check(const packet_header& header) const {
    if (header.kind != what_ || header.offset != done_ || header.length == 0 ||
        (header.bytes == 0) != (what_ == errand::pull)) {
      throw stream_error("a packet out of turn");
    }
  }

  /// Header and room of the answer about the next n coordinates.
  float* start_answer(std::size_t n, bool with_values) {
    packet_header header;
    header.kind = link_.is_dropped() ? errand::drop : what_;
    header.offset = done_;
    header.length = static_cast<std::uint32_t>(n);
    header.bytes = with_values ? header.length * sizeof(float) : 0;
    header.version = link_.at().far->version();
    return out_.start(header);
  }

  /// The answer is written. The part of a pull that is lost is not made.
  void seal(std::size_t n) {
    out_.seal();
    if (const float* const lost =
            out_.residual(kernels::payload::pulls, done_)) {
      link_.take_back(done_, n, lost);
    }
  }

  /// So many coordinates more are done. True after the last ones.
  bool has_all(std::size_t n) {
    done_ = (done_ + n) % size_;
    return done_ == 0;
  }
  bool finish(std::size_t n) {
    if (advance(has_all(n), stage::idle)) {
      link_.end();
    }
    return true;
  }

  served_link link_;
  std::shared_ptr<pending_stream> wire_;
  std::size_t size_;
  incoming in_;
  outgoing out_;
  std::chrono::microseconds awake_ = stream::moment;

  // The errand at hand.
  stage stage_ = stage::idle;
  errand what_ = errand::trade;
  std::size_t done_ = 0;        // coordinates, of this stage
  std::vector<float> payload_;  // of a sync
};

}  // namespace

std::shared_ptr<stream_server> serve_by_stream(
    link_end at, std::shared_ptr<pending_stream> wire, codec how) {
  return std::make_shared<packet_server>(std::move(at), std::move(wire),
                                         std::move(how));
}

}  // namespace sounder::actors

#include "actors/node/port.hpp"

#include <algorithm>
#include <utility>
#include <vector>

#include "actors/exit_reasons.hpp"
#include "actors/messages.hpp"
#include "actors/sync/packet.hpp"

namespace sounder::actors {

namespace {

/// Thrown to leave a port that shall end.
struct asked_to_end {};

class port_work {
 public:
  port_work(caf::blocking_actor* self, port_setup setup)
      : self_(self),
        setup_(std::move(setup)),
        size_(setup_.far->parameters().size()),
        in_(size_, std::move(setup_.codec.in)),
        out_(std::move(setup_.codec.out)) {}

  void run() {
    wait_until(setup_.wire->changed,
               [this] { return setup_.wire->get() != nullptr; });
    for (;;) {
      receive([this] { return in_.has_header(); });
      const packet_header first = in_.header();
      if (first.kind == errand::rest) {
        in_.clear();
        setup_.far->rests(setup_.rank);
        continue;
      }
      if (first.kind > errand::sync) {
        throw stream_error("a packet that asks for nothing");
      }
      if (first.kind == errand::sync) {
        meet_all();
      } else {
        meet(first);
      }
      setup_.far->changed.notify();
    }
  }

 private:
  static constexpr std::chrono::milliseconds slice{10};

  void check_end() const {
    if (!self_->mailbox().empty()) {
      throw asked_to_end();
    }
  }

  template <class Claim>
  void wait_until(signal& changed, const Claim& holds) {
    while (!changed.wait(holds)) {
      check_end();
    }
  }

  template <class Claim>
  void receive(const Claim& enough) {
    stream& wire = *setup_.wire->get();
    auto awake = stream::moment;
    while (!enough()) {
      if (!in_.receive_on(wire)) {
        const stream::interest reading = {&wire, true, false};
        stream::wait({&reading, 1}, slice, std::exchange(awake, {}));
        check_end();
      }
    }
  }

  void send() {
    stream& wire = *setup_.wire->get();
    while (!out_.is_empty()) {
      if (!out_.send_on(wire)) {
        const stream::interest writing = {&wire, false, true};
        stream::wait({&writing, 1}, slice);
        check_end();
      }
    }
  }

  /// Header and room of the answer to the packet that is in.
  float* answer(bool with_values) {
    packet_header header = in_.header();
    header.version = setup_.far->version();
    header.kind = is_dropped_ ? errand::drop : header.kind;
    header.bytes = with_values ? header.length * sizeof(float) : 0;
    return out_.start(header);
  }

  /// Whether the discipline lets a meeting begin. Takes what it has to hold.
  bool try_enter(const packet_header& first) {
    target& far = *setup_.far;
    return far.admits(setup_.rank, first.kind) &&
           (!setup_.hold_far || far.in_use.try_take());
  }

  void meet(const packet_header& first) {
    target& far = *setup_.far;
    wait_until(far.changed, [&] { return try_enter(first); });
    age_ = far.version() - read_version_;
    is_dropped_ = first.kind != errand::pull && !setup_.rule->accepts(age_);
    try {
      serve_all(first.kind);
      count(first.kind);
    } catch (...) {
      leave();
      throw;
    }
    leave();
    far.served(setup_.rank, first.kind);
  }

  /// Before the far end is let go of.
  void count(errand what) {
    if (what != errand::pull && !is_dropped_) {
      setup_.far->count_update();
    }
    read_version_ =
        what == errand::push ? read_version_ : setup_.far->version();
  }

  void leave() {
    if (setup_.hold_far) {
      setup_.far->in_use.give_back();
      setup_.far->changed.notify();
    }
  }

  /// Packets up to the last one of the vector.
  void serve_all(errand kind) {
    for (std::size_t done = 0; done < size_;) {
      receive([this] { return in_.is_complete(); });
      const packet_header header = in_.header();
      check(header, kind, done);
      hold& in_use = setup_.far->in_use;
      if (setup_.is_published) {
        wait_until(setup_.far->changed, [&] { return in_use.try_take(); });
      }
      serve(header);
      if (setup_.is_published) {
        in_use.give_back();
        setup_.far->changed.notify();
      }
      in_.clear();
      send();
      done += header.length;
    }
  }

  static void check(const packet_header& header, errand kind,
                    std::size_t done) {
    if (header.kind != kind || header.offset != done || header.length == 0 ||
        (header.bytes == 0) != (kind == errand::pull)) {
      throw stream_error("a packet out of turn");
    }
  }

  void serve(const packet_header& header) {
    target& far = *setup_.far;
    const std::size_t n = header.length;
    const kernels::exchange_rule& rule = *setup_.rule;
    if (header.offset == 0) {
      terms_ = far.begin(rule, header.step,
                         header.before_optimizer != 0 &&
                             header.kind != errand::pull && !is_dropped_);
    }
    if (header.kind == errand::pull) {
      rule.show(far.at(header.offset, n, terms_), answer(true));
      out_.seal();
      return;
    }
    const bool is_answered = header.kind == errand::trade;
    float* payload = in_.values();
    if (is_answered) {
      payload = answer(true);
      std::copy_n(in_.values(), n, payload);
    }
    kernels::far_end end = far.at(header.offset, n, terms_);
    end.age = age_;
    if (is_dropped_) {
      rule.show(end, payload);
    } else {
      rule.serve(end, payload);
    }
    if (!is_answered) {
      answer(false);
    }
    seal(header);
  }

  /// The answer is written. The part of a pull that is lost is not made.
  void seal(const packet_header& header) {
    out_.seal();
    if (const float* const lost =
            out_.lost(kernels::payload::pulls, header.offset)) {
      kernels::take_back(setup_.far->at(header.offset, header.length, terms_),
                         lost);
    }
  }

  /// The same at a barrier, where others take back, too: one at a time.
  void seal_in_turn(const packet_header& header) {
    target& far = *setup_.far;
    if (out_.lost(kernels::payload::pulls, header.offset) == nullptr) {
      out_.seal();
      return;
    }
    wait_until(far.changed, [&] { return far.in_use.try_take(); });
    seal(header);
    far.in_use.give_back();
    far.changed.notify();
  }

  /// Takes everything in, waits until all have come, and answers.
  void meet_all() {
    target& far = *setup_.far;
    is_dropped_ = false;
    payload_.resize(size_);
    packet_header last;
    for (std::size_t done = 0; done < size_;) {
      receive([this] { return in_.is_complete(); });
      last = in_.header();
      check(last, errand::sync, done);
      std::copy_n(in_.values(), last.length, payload_.data() + done);
      done += last.length;
      in_.clear();
    }
    far.come(setup_.rank,
             {payload_.data(), last.step, last.before_optimizer != 0});
    const bool holds = setup_.hold_far || setup_.is_published;
    serve_round(*setup_.rule, far, holds);
    while (!far.admits(setup_.rank, errand::sync)) {
      static_cast<void>(far.changed.wait(
          [&] { return far.may_go_on(setup_.rank); }, far.round_due()));
      check_end();
      serve_round(*setup_.rule, far, holds);
    }
    for (std::size_t done = 0; done < size_; done += last.length) {
      last.offset = done;
      last.length =
          static_cast<std::uint32_t>(std::min(packet_floats, size_ - done));
      last.bytes = last.length * sizeof(float);
      last.version = far.version();
      std::copy_n(payload_.data() + done, last.length, out_.start(last));
      seal_in_turn(last);
      send();
    }
    count(errand::sync);
  }

  caf::blocking_actor* self_;
  port_setup setup_;
  std::size_t size_;
  incoming in_;
  outgoing out_;
  terms terms_;                 // of the meeting at hand
  std::vector<float> payload_;  // of a sync

  std::uint64_t read_version_ = 0;  // of the target, when last read
  // Of the errand at hand.
  std::uint64_t age_ = 0;
  bool is_dropped_ = false;
};

}  // namespace

void port(caf::blocking_actor* self, port_setup setup) {
  const std::shared_ptr<pending_stream> wire = setup.wire;
  try {
    port_work(self, std::move(setup)).run();
  } catch (const asked_to_end&) {
  } catch (const stream_error&) {
    // The other side has ended, or will say itself that it has lost us.
    if (stream* const broken = wire->get()) {
      broken->hang_up();
    }
  } catch (...) {
    self->fail_state(as_exit_reason(std::current_exception()));
  }
}

}  // namespace sounder::actors

#include "actors/courier.hpp"

#include <algorithm>
#include <utility>

#include "actors/messages.hpp"
#include "kernels/exchange/overwrite.hpp"
#include "kernels/shared_vector.hpp"

namespace sounder::actors {

namespace {

namespace p = topology;
using self_ptr = caf::stateful_actor<courier_state>*;

/// The near end's stretch, opened.
kernels::near_end near_at(errand& work, std::size_t first, std::size_t n) {
  std::vector<float>& snapshot = work.link().snapshot;
  return {work.own->open(first, n),
          snapshot.empty() ? nullptr : snapshot.data() + first, n,
          work.now.step, work.now.decay};
}

/// Sends as many packets as may be on their way.
void send_on(self_ptr self) {
  courier_state& state = self->state;
  errand& work = *state.work;
  const std::size_t size = work.own->size();
  while (state.asked < size &&
         state.packets - state.answered < packets_in_flight) {
    packet part;
    part.kind = work.kind;
    part.round = state.round;
    part.offset = state.asked;
    part.length = std::min(packet_floats, size - state.asked);
    part.step.value = work.now.step;
    if (work.kind != packet_kind::pull) {
      const kernels::near_end near = near_at(work, part.offset, part.length);
      kernels::relaxed::copy(near.w, near.n, state.before.data() + part.offset);
      std::vector<float> up(part.length);
      work.link().rule->ask(near, up.data());
      part.values = as_parameters(std::move(up));
      if (work.kind == packet_kind::push) {
        kernels::relaxed::copy(near.w, near.n, near.s);
      }
      work.own->close(part.offset, part.length);
    }
    state.asked += part.length;
    ++state.packets;
    self->send(state.port, std::move(part));
  }
}

void finish(self_ptr self) {
  courier_state& state = self->state;
  ++state.round;
  state.work->is_done.store(true);
  state.work->changed.notify();
}

/// Merges what has come down.
void take(self_ptr self, const packet& part) {
  courier_state& state = self->state;
  errand& work = *state.work;
  const std::size_t size = work.own->size();
  if (part.round != state.round || part.offset > size ||
      part.length > size - part.offset) {
    self->quit(caf::make_error(caf::sec::invalid_argument,
                               "an answer that does not fit"));
    return;
  }
  const bool comes_down = part.values.size() == part.length;
  if (comes_down && part.length > 0) {
    const kernels::near_end near = near_at(work, part.offset, part.length);
    if (work.kind == packet_kind::pull) {
      kernels::overwrite().take(near, part.values.data(), nullptr);
    } else {
      work.link().rule->take(near, part.values.data(),
                             state.before.data() + part.offset);
    }
    work.own->close(part.offset, part.length);
  }
  // At a barrier what comes down has been answered before.
  if (work.kind != packet_kind::sync || !comes_down) {
    ++state.answered;
  }
  if (comes_down || work.kind == packet_kind::push) {
    state.taken += part.length;
  }
  work.version.store(part.version);
}

/// Merges and asks as far as it goes, with the face held meanwhile.
void go_on(self_ptr self) {
  courier_state& state = self->state;
  near_side& own = *state.work->own;
  if (!own.try_hold()) {
    self->delayed_send(self, std::chrono::microseconds(50), again_atom::value);
    return;
  }
  for (; !state.arrived.empty(); state.arrived.pop_front()) {
    take(self, state.arrived.front());
  }
  if (state.taken < own.size()) {
    send_on(self);
  }
  own.let_go();
  if (state.taken >= own.size()) {
    finish(self);
  }
}

/// A discipline at the near end: which errands a meeting is made of.
class remote_meeting : public meeting {
 public:
  remote_meeting(std::shared_ptr<errand> work, caf::actor courier)
      : work_(std::move(work)), courier_(std::move(courier)) {
    meters_.push_back(work_->link().meter);
  }
  ~remote_meeting() override {
    caf::anon_send_exit(courier_, caf::exit_reason::user_shutdown);
  }

  bool attend(near_side& own, const moment& now) override {
    if (!came_) {
      came_ = true;
      since_ = clock::now();
      plan_errands();
    }
    if (is_out_ && work_->is_done.load()) {
      is_out_ = false;
      errands_.erase(errands_.begin());
    }
    if (is_out_ || (!errands_.empty() && !begin(own, now))) {
      return false;
    }
    if (is_out_) {
      return false;
    }
    finish();
    return true;
  }

  void wait() override {
    static_cast<void>(
        work_->changed.wait([this] { return work_->is_done.load(); }));
  }

  std::string waits_for() const override {
    return meters_.front()->from + " waits for " + meters_.front()->to +
           " on another node";
  }

 private:
  using clock = std::chrono::steady_clock;

  void plan_errands() {
    const p::discipline& when = work_->link().discipline;
    steps_ += tau;
    if (std::holds_alternative<p::barrier>(when)) {
      errands_ = {packet_kind::sync};
    } else if (std::holds_alternative<p::bounded>(when)) {
      errands_ = {packet_kind::push, packet_kind::pull};
    } else if (const auto* often = std::get_if<p::push_fetch>(&when)) {
      if (steps_ % often->push == 0) {
        errands_.push_back(packet_kind::push);
      }
      if (steps_ % often->fetch == 0) {
        errands_.push_back(packet_kind::pull);
      }
    } else {
      errands_ = {packet_kind::trade};
    }
  }

  /// Sends the courier out, if the face is free.
  bool begin(near_side& own, const moment& now) {
    if (!own.settle()) {
      return false;
    }
    bytes_ += own.size() * sizeof(float) *
              (errands_.front() == packet_kind::push ||
                       errands_.front() == packet_kind::pull
                   ? 1
                   : 2);
    work_->own = &own;
    work_->now = now;
    work_->kind = errands_.front();
    work_->is_done.store(false);
    is_out_ = true;
    caf::anon_send(courier_, start_atom::value);
    return true;
  }

  void finish() {
    link_meter& meter = *meters_.front();
    const std::uint64_t version = work_->version.load();
    meter.staleness.add(
        version > seen_version_ + 1 ? version - seen_version_ - 1 : 0);
    seen_version_ = version;
    meter.bytes.fetch_add(std::exchange(bytes_, 0));
    meter.latency_ns.add(
        static_cast<std::uint64_t>((clock::now() - since_).count()));
    came_ = false;
  }

  std::shared_ptr<errand> work_;
  caf::actor courier_;
  std::vector<packet_kind> errands_;
  bool came_ = false;
  bool is_out_ = false;
  std::size_t steps_ = 0;
  std::uint64_t bytes_ = 0;
  std::uint64_t seen_version_ = 0;
  clock::time_point since_;
};

}  // namespace

caf::behavior courier(self_ptr self, std::shared_ptr<errand> work,
                      caf::actor port) {
  self->set_exception_handler(as_exit_reason);
  self->state.work = std::move(work);
  self->state.port = std::move(port);
  return {
      [=](start_atom) {
        courier_state& state = self->state;
        state.asked = state.answered = state.taken = state.packets = 0;
        state.before.resize(state.work->own->size());
        go_on(self);
      },
      [=](packet& part) {
        self->state.arrived.push_back(std::move(part));
        go_on(self);
      },
      [=](again_atom) {
        if (!self->state.work->is_done.load()) {
          go_on(self);
        }
      },
  };
}

std::unique_ptr<meeting> meet_remotely(caf::actor_system& system,
                                       remote_link link, caf::actor port) {
  auto work = std::make_shared<errand>(std::move(link));
  auto carrier = system.spawn(courier, work, std::move(port));
  return std::make_unique<remote_meeting>(std::move(work), std::move(carrier));
}

}  // namespace sounder::actors

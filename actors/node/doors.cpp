#include "actors/node/doors.hpp"

#include <algorithm>
#include <utility>

#include "actors/exit_reasons.hpp"
#include "actors/messages.hpp"
#include "kernels/exchange/gossip.hpp"

namespace sounder::actors {

namespace {

using door_ptr = caf::stateful_actor<door_state>*;

/// Makes plain values of what has come. False when it does not fit.
bool unpack(door_state& state, letter_part& part) {
  if (part.total > state.setup.size || part.offset > part.total ||
      part.length > part.total - part.offset) {
    return false;
  }
  const auto packed =
      state.setup.codecs.find(std::make_tuple(part.to, part.from, part.kind));
  if (packed == state.setup.codecs.end()) {
    return part.packed.bytes.empty() && part.values.size() == part.length;
  }
  std::vector<float> values(part.length);
  if (!packed->second.in->unpack(part.offset, part.packed.bytes, values.data(),
                                 values.size())) {
    return false;
  }
  part.values = as_parameters(std::move(values));
  return true;
}

/// True when the letter is complete and delivered.
bool deliver(door_state& state, letter_part& part) {
  const auto found = state.setup.boxes.find({part.to, part.kind});
  if (found == state.setup.boxes.end() || !unpack(state, part)) {
    return false;
  }
  const auto key = std::make_tuple(part.to, part.from, part.kind, part.round);
  std::vector<float>& whole = state.incomplete[key];
  whole.resize(part.total);
  std::copy_n(part.values.data(), part.values.size(),
              whole.begin() + static_cast<std::ptrdiff_t>(part.offset));
  if (part.offset + part.values.size() < part.total) {
    return false;
  }
  letter mail{part.from, part.round, part.weight.value,
              std::make_shared<std::vector<float>>(std::move(whole))};
  state.incomplete.erase(key);
  // Lockstep letters carry the round they are for; the others are added up.
  if (adds_up(part.kind)) {
    found->second->put_sum(std::move(mail));
  } else {
    found->second->put(std::move(mail));
  }
  return true;
}

/// Where a postman goes, and what he carries letters in.
struct postman_round {
  caf::actor door;
  std::uint32_t to = 0;
  box kind = box::updates;
  std::shared_ptr<link_meter> meter;
  actors::codec codec;
};

/// Carries letters to one box on another node.
struct postman_state {
  const char* name = "postman";
  postman_round round;  // set once; the codec remembers
  bool is_out = false;
  std::optional<letter> next;  // added up while out
};

void send_parts(caf::stateful_actor<postman_state>* self, const letter& mail) {
  postman_round& way = self->state.round;
  const std::vector<float>& values = *mail.values;
  std::size_t first = 0;
  do {
    letter_part part;
    part.to = way.to;
    part.from = static_cast<std::uint32_t>(mail.from);
    part.kind = way.kind;
    part.round = mail.round;
    part.offset = first;
    part.total = values.size();
    part.weight.value = mail.weight;
    const std::size_t n = std::min(letter_part_floats, values.size() - first);
    const auto from = values.begin() + static_cast<std::ptrdiff_t>(first);
    part.length = n;
    if (way.codec.out) {
      part.packed.bytes = way.codec.out->pack(first, values.data() + first, n);
    } else {
      part.values =
          as_parameters({from, from + static_cast<std::ptrdiff_t>(n)});
    }
    way.meter->bytes.fetch_add(part.values.size() * sizeof(float) +
                               part.packed.bytes.size());
    self->send(way.door, std::move(part));
    first += n;
  } while (first < values.size());
}

caf::behavior postman(caf::stateful_actor<postman_state>* self,
                      postman_round round) {
  self->set_exception_handler(as_exit_reason);
  const box kind = round.kind;
  self->state.round = std::move(round);
  const auto send_on = [=](letter mail) {
    self->state.is_out = true;
    send_parts(self, mail);
  };
  return {
      [=](letter& mail) {
        postman_state& state = self->state;
        if (!adds_up(kind) || !state.is_out) {
          send_on(std::move(mail));
        } else if (!state.next) {
          // Others may read the vector: ours is to be added to.
          mail.values = std::make_shared<std::vector<float>>(*mail.values);
          state.next = std::move(mail);
        } else {
          kernels::push_sum_gather(state.next->values->data(),
                                   mail.values->data(), mail.values->size());
          state.next->weight += mail.weight;
          state.next->round = mail.round;
        }
      },
      [=](delivered_atom, std::uint64_t) {
        postman_state& state = self->state;
        state.is_out = false;
        if (state.next) {
          send_on(*std::exchange(state.next, std::nullopt));
        }
      },
  };
}

class remote_mailbox : public mailbox_of {
 public:
  explicit remote_mailbox(caf::actor postman) : postman_(std::move(postman)) {}
  ~remote_mailbox() override {
    caf::anon_send_exit(postman_, caf::exit_reason::user_shutdown);
  }
  void put(letter mail) override { caf::anon_send(postman_, std::move(mail)); }
  void put_sum(letter mail) override { put(std::move(mail)); }

 private:
  caf::actor postman_;
};

}  // namespace

caf::behavior door(door_ptr self, door_setup setup) {
  self->set_exception_handler(as_exit_reason);
  self->state.setup = std::move(setup);
  const auto let_in = [=](std::uint32_t ring, std::uint64_t position) {
    constexpr auto while_at_rest = std::chrono::milliseconds(1);
    auto& rings = self->state.setup.rings;
    if (ring < rings.size() && rings[ring] && position < rings[ring]->size() &&
        !rings[ring]->arrive(position)) {
      self->delayed_send(self, while_at_rest, again_atom::value, ring,
                         position);
    }
  };
  return {
      [=](letter_part& part) {
        if (deliver(self->state, part)) {
          self->send(caf::actor_cast<caf::actor>(self->current_sender()),
                     delivered_atom::value, part.round);
        }
      },
      [=](token_atom, std::uint32_t ring, std::uint64_t position) {
        let_in(ring, position);
      },
      [=](again_atom, std::uint32_t ring, std::uint64_t position) {
        token_ring& at = *self->state.setup.rings[ring];
        if (at.is_at(position) && at.is_at_rest(position)) {
          at.pass_on();
        }
      },
  };
}

std::shared_ptr<mailbox_of> mailbox_elsewhere(caf::actor_system& system,
                                              caf::actor door,
                                              std::uint32_t replica, box kind,
                                              std::shared_ptr<link_meter> meter,
                                              codec codec) {
  return std::make_shared<remote_mailbox>(
      system.spawn(postman, postman_round{std::move(door), replica, kind,
                                          std::move(meter), std::move(codec)}));
}

}  // namespace sounder::actors

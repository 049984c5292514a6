#include "actors/port.hpp"

#include <algorithm>
#include <utility>

#include "kernels/exchange/overwrite.hpp"
#include "kernels/shared_vector.hpp"

namespace sounder::actors {

namespace {

namespace p = topology;
using self_ptr = caf::stateful_actor<port_state>*;

bool is_last(const port_state& state, const packet& part) {
  return part.offset + part.length >= state.setup.far->parameters().size();
}

/// Whether the discipline lets a meeting begin. Takes what it has to hold.
bool try_enter(port_state& state, const packet& first) {
  port_setup& setup = state.setup;
  endpoint& far = *setup.far;
  if (std::holds_alternative<p::in_turn>(setup.discipline) &&
      !far.is_turn_of(setup.rank)) {
    return false;
  }
  if (const auto* bound = std::get_if<p::bounded>(&setup.discipline);
      bound != nullptr && first.kind == packet_kind::pull &&
      far.slowest() + bound->staleness < state.ticks) {
    return false;
  }
  return !setup.hold_far || far.in_use.try_take();
}

void leave(port_state& state, const packet& last) {
  port_setup& setup = state.setup;
  endpoint& far = *setup.far;
  if (setup.hold_far) {
    far.in_use.give_back();
  }
  if (std::holds_alternative<p::bounded>(setup.discipline) &&
      last.kind == packet_kind::push) {
    ++state.ticks;
    far.tick(setup.rank);
  }
  if (std::holds_alternative<p::in_turn>(setup.discipline)) {
    far.pass_turn();
  }
  far.count_meeting();
  far.changed.notify();
}

packet answer_to(const port_state& state, const packet& part,
                 std::vector<float> values) {
  packet answer = part;
  answer.version = state.setup.far->version();
  answer.values = as_parameters(std::move(values));
  return answer;
}

/// A packet that is in: serves it.
void serve(self_ptr self, const packet& part) {
  port_state& state = self->state;
  const port_setup& setup = state.setup;
  std::vector<float> values(part.length);
  if (part.kind == packet_kind::pull) {
    kernels::overwrite().serve(
        setup.far->at(part.offset, part.length, part.step.value, false),
        values.data());
  } else {
    std::copy_n(part.values.data(), part.length, values.begin());
    setup.rule->serve(setup.far->at(part.offset, part.length, part.step.value,
                                    setup.rule->has_state()),
                      values.data());
    if (part.kind == packet_kind::push) {
      values.clear();
    }
  }
  const bool last = is_last(state, part);
  if (last) {
    state.entered = false;
    leave(state, part);
  }
  self->send(state.courier, answer_to(state, part, std::move(values)));
}

/// Answers everybody's packets once the barrier has opened.
void answer_barrier(self_ptr self) {
  port_state& state = self->state;
  if (!state.barrier || state.setup.far->barriers_opened() <= *state.barrier) {
    return;
  }
  state.barrier.reset();
  for (std::size_t first = 0; first < state.payload.size();
       first += packet_floats) {
    packet part = state.last;
    part.offset = first;
    part.length = std::min(packet_floats, state.payload.size() - first);
    const auto from =
        state.payload.begin() + static_cast<std::ptrdiff_t>(first);
    self->send(
        state.courier,
        answer_to(state, part,
                  {from, from + static_cast<std::ptrdiff_t>(part.length)}));
  }
}

void gather(self_ptr self, const packet& part) {
  port_state& state = self->state;
  endpoint& far = *state.setup.far;
  state.payload.resize(far.parameters().size());
  std::copy_n(part.values.data(), part.length,
              state.payload.begin() + static_cast<std::ptrdiff_t>(part.offset));
  self->send(state.courier, answer_to(state, part, {}));
  if (!is_last(state, part)) {
    return;
  }
  state.last = part;
  state.barrier = far.barriers_opened();
  if (far.arrive(state.setup.rank, state.payload.data())) {
    serve_barrier(*state.setup.rule, far, part.step.value);
  }
  answer_barrier(self);
}

/// Lets in what may come in.
void admit(self_ptr self) {
  port_state& state = self->state;
  while (!state.waiting.empty()) {
    const packet& next = state.waiting.front();
    if (next.kind != packet_kind::sync && !state.entered) {
      if (!try_enter(state, next)) {
        return;
      }
      state.entered = true;
    }
    hold& in_use = state.setup.far->in_use;
    if (state.setup.is_face && !in_use.try_take()) {
      return;
    }
    const packet part = std::move(state.waiting.front());
    state.waiting.pop_front();
    part.kind == packet_kind::sync ? gather(self, part) : serve(self, part);
    if (state.setup.is_face) {
      in_use.give_back();
      state.setup.far->changed.notify();
    }
  }
}

bool is_sound(const port_state& state, const packet& part) {
  const std::uint64_t size = state.setup.far->parameters().size();
  return part.kind <= packet_kind::sync && part.offset <= size &&
         part.length <= size - part.offset && part.length <= packet_floats &&
         (part.kind == packet_kind::pull || part.values.size() == part.length);
}

}  // namespace

caf::behavior port(self_ptr self, port_setup setup) {
  self->set_exception_handler(as_exit_reason);
  self->state.setup = std::move(setup);
  const caf::actor_addr me = self->address();
  self->state.setup.far->changed.subscribe([me] {
    if (const auto alive = caf::actor_cast<caf::actor>(me)) {
      caf::anon_send(alive, again_atom::value);
    }
  });
  return {
      [=](packet& part) {
        port_state& state = self->state;
        if (!is_sound(state, part)) {
          self->quit(caf::make_error(caf::sec::invalid_argument,
                                     "a packet that does not fit"));
          return;
        }
        state.courier = caf::actor_cast<caf::actor>(self->current_sender());
        state.waiting.push_back(std::move(part));
        admit(self);
      },
      [=](again_atom) {
        answer_barrier(self);
        admit(self);
      },
  };
}

}  // namespace sounder::actors

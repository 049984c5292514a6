#include "actors/sync/target.hpp"

#include <utility>

namespace sounder::actors {

target::target(std::span<float> parameters, std::size_t arrivals,
               std::size_t offset, std::unique_ptr<gate> entrance)
    : parameters_(parameters),
      offset_(offset),
      gate_(std::move(entrance)),
      arrived_(arrivals) {}

terms target::begin(const kernels::exchange_rule& rule, float step,
                    bool before_optimizer) {
  const terms of = {step, rule.has_state(), rule.has_second_state(),
                    before_optimizer ? state_.next_step() : 0};
  if (of.needs_v) {
    std::call_once(v_made_, [this] { state_.v.resize(parameters_.size()); });
  }
  if (of.needs_u) {
    std::call_once(u_made_, [this] { state_.u.resize(parameters_.size()); });
  }
  return of;
}

kernels::far_end target::at(std::size_t first, std::size_t n, const terms& of) {
  return {parameters_.data() + first,
          of.needs_v ? state_.v.data() + first : nullptr,
          n,
          of.step,
          offset_ + first,
          0,
          of.needs_u ? state_.u.data() + first : nullptr,
          of.number};
}

template <class Ask>
auto target::ask_gate(const Ask& ask) {
  const std::scoped_lock lock(gate_lock_);
  return ask(*gate_);
}

template <class Tell>
void target::tell_gate(const Tell& tell) {
  if (gate_) {
    ask_gate(tell);
    changed.notify();
  }
}

bool target::admits(std::size_t rank, errand what) {
  return !gate_ || ask_gate([&](gate& g) { return g.admits(rank, what); });
}

void target::served(std::size_t rank, errand what) {
  tell_gate([&](gate& g) { g.served(rank, what); });
}

void target::rests(std::size_t rank) {
  tell_gate([&](gate& g) { g.rests(rank); });
}

void target::come(std::size_t rank, const arrival& brought) {
  ask_gate([&](gate& g) {
    arrived_[rank] = brought;
    g.come(rank, now());
  });
}

bool target::may_go_on(std::size_t rank) {
  return ask_gate([&](gate& g) {
    return g.admits(rank, errand::sync) || g.is_round_due(now());
  });
}

bool target::is_round_due() {
  return ask_gate([&](gate& g) { return g.is_round_due(now()); });
}

moment target::round_due() {
  return ask_gate([](gate& g) { return g.round_due(); })
      .value_or(moment::max());
}

std::vector<arrival> target::begin_round() {
  std::vector<arrival> all;
  ask_gate([&](gate& g) {
    const bool is_due = g.is_round_due(now());
    for (const std::size_t rank : is_due ? g.begin_round() : gate_ranks()) {
      all.push_back(arrived_[rank]);
    }
  });
  return all;
}

void target::open_round() {
  tell_gate([](gate& g) { g.round_served(); });
}

void target::keep(state_archive& all) {
  all.require_rest(!is_held());
  all(version_, state_.steps);
  keep_made(all, v_made_, state_.v);
  keep_made(all, u_made_, state_.u);
  const std::scoped_lock lock(gate_lock_);
  if (gate_) {
    all(*gate_);
  }
}

/// Of a vector that is made, of zeros, on first use.
void target::keep_made(state_archive& all, std::once_flag& made,
                       std::vector<float>& values) {
  bool is_used = !values.empty();
  all(is_used);
  if (is_used) {
    std::call_once(made, [&] { values.resize(parameters_.size()); });
    all(values);
  } else {
    std::fill(values.begin(), values.end(), 0.0F);
  }
}

}  // namespace sounder::actors

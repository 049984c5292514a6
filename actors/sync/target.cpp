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

bool target::admits(std::size_t rank, errand what) {
  if (!gate_) {
    return true;
  }
  const std::scoped_lock lock(gate_lock_);
  return gate_->admits(rank, what);
}

void target::served(std::size_t rank, errand what) {
  if (gate_) {
    {
      const std::scoped_lock lock(gate_lock_);
      gate_->served(rank, what);
    }
    changed.notify();
  }
}

void target::rests(std::size_t rank) {
  if (gate_) {
    {
      const std::scoped_lock lock(gate_lock_);
      gate_->rests(rank);
    }
    changed.notify();
  }
}

void target::come(std::size_t rank, const arrival& brought) {
  const std::scoped_lock lock(gate_lock_);
  arrived_[rank] = brought;
  gate_->come(rank, now());
}

bool target::may_go_on(std::size_t rank) {
  const std::scoped_lock lock(gate_lock_);
  return gate_->admits(rank, errand::sync) || gate_->is_round_due(now());
}

bool target::is_round_due() {
  const std::scoped_lock lock(gate_lock_);
  return gate_->is_round_due(now());
}

moment target::round_due() {
  const std::scoped_lock lock(gate_lock_);
  return gate_->round_due().value_or(moment::max());
}

std::vector<arrival> target::begin_round() {
  std::vector<arrival> all;
  const std::scoped_lock lock(gate_lock_);
  if (gate_->is_round_due(now())) {
    for (const std::size_t rank : gate_->begin_round()) {
      all.push_back(arrived_[rank]);
    }
  }
  return all;
}

void target::open_round() {
  {
    const std::scoped_lock lock(gate_lock_);
    gate_->round_served();
  }
  changed.notify();
}

}  // namespace sounder::actors

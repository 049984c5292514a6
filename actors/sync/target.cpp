#include "actors/sync/target.hpp"

#include <algorithm>
#include <utility>

namespace sounder::actors {

target::target(std::span<float> parameters, std::size_t arrivals,
               std::size_t offset, std::unique_ptr<gate> entrance)
    : parameters_(parameters),
      offset_(offset),
      gate_(std::move(entrance)),
      payloads_(arrivals) {}

float* target::optimizer_state() {
  std::call_once(state_made_,
                 [this] { optimizer_state_.resize(parameters_.size()); });
  return optimizer_state_.data();
}

kernels::far_end target::at(std::size_t first, std::size_t n, float step,
                            bool with_state) {
  float* const state = with_state ? optimizer_state() + first : nullptr;
  return {parameters_.data() + first, state, n, step, offset_ + first};
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

void target::come(std::size_t rank, float* payload) {
  const std::scoped_lock lock(gate_lock_);
  payloads_[rank] = payload;
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

std::vector<float*> target::begin_round() {
  std::vector<float*> payloads;
  const std::scoped_lock lock(gate_lock_);
  if (gate_->is_round_due(now())) {
    for (const std::size_t rank : gate_->begin_round()) {
      payloads.push_back(payloads_[rank]);
    }
  }
  return payloads;
}

void target::open_round() {
  {
    const std::scoped_lock lock(gate_lock_);
    gate_->round_served();
  }
  changed.notify();
}

namespace {

void serve(const kernels::exchange_rule& rule, target& far, float step,
           const std::vector<float*>& payloads) {
  constexpr std::size_t block = 2048;
  const std::size_t size = far.parameters().size();
  std::vector<float*> here(payloads.size());
  for (std::size_t first = 0; first < size; first += block) {
    std::transform(payloads.begin(), payloads.end(), here.begin(),
                   [=](float* payload) { return payload + first; });
    rule.serve_all(
        far.at(first, std::min(block, size - first), step, rule.has_state()),
        here);
  }
}

}  // namespace

void serve_round(const kernels::exchange_rule& rule, target& far, float step,
                 bool holds) {
  if (holds && (!far.is_round_due() || !far.in_use.try_take())) {
    return;
  }
  const std::vector<float*> payloads = far.begin_round();
  if (!payloads.empty()) {
    serve(rule, far, step, payloads);
    far.open_round();
  }
  if (holds) {
    far.in_use.give_back();
    far.changed.notify();
  }
}

}  // namespace sounder::actors

#include "actors/sync/served_meeting.hpp"

#include <algorithm>
#include <array>
#include <utility>

#include "kernels/exchange/overwrite.hpp"
#include "kernels/shared_vector.hpp"

namespace sounder::actors {

namespace {

using buffer = std::array<float, local_end::block>;

/// Calls visit(first, n) for the blocks of a vector. The links of an end begin
/// at blocks far from each other's, lest those who meet it at once write into
/// the same cache lines all the way.
template <class Visit>
void for_each_block(std::size_t size, const served_link& link,
                    const Visit& visit) {
  const std::size_t blocks = (size + local_end::block - 1) / local_end::block;
  const std::size_t links = std::max<std::size_t>(link.far->arrivals(), 1);
  const std::size_t begin = link.rank * blocks / links;
  for (std::size_t k = 0; k < blocks; ++k) {
    const std::size_t first = (begin + k) % blocks * local_end::block;
    visit(first, std::min(local_end::block, size - first));
  }
}

}  // namespace

served_meeting::served_meeting(served_link link) : link_(std::move(link)) {
  meters_.push_back(link_.meter);
}

void served_meeting::wait() {
  static_cast<void>(link_.far->changed.wait([this] { return may_go_on(); }));
}

std::string served_meeting::waits_for() const {
  return link_.meter->from + " waits for " + link_.meter->to;
}

bool served_meeting::may_go_on() const {
  return !link_.hold_far || !link_.far->in_use.is_taken();
}

bool served_meeting::try_enter(local_end& own) {
  if (!own.try_hold()) {
    return false;
  }
  if (link_.hold_far && !link_.far->in_use.try_take()) {
    own.let_go();
    return false;
  }
  return true;
}

void served_meeting::leave(local_end& own) {
  if (link_.hold_far) {
    link_.far->in_use.give_back();
    link_.far->changed.notify();
  }
  own.let_go();
}

void served_meeting::come() noexcept {
  if (!std::exchange(came_, true)) {
    since_ = clock::now();
  }
}

void served_meeting::go(std::uint64_t bytes) noexcept {
  const std::uint64_t version = link_.far->version();
  link_.meter->staleness.add(version - link_.seen_version);
  link_.far->count_meeting();
  link_.seen_version = version + 1;
  link_.meter->bytes.fetch_add(bytes, std::memory_order_relaxed);
  link_.meter->latency_ns.add(
      static_cast<std::uint64_t>((clock::now() - since_).count()));
  came_ = false;
}

void served_meeting::start_pass(local_end& own) const noexcept {
  if (size() != own.size()) {
    own.open_all();
  }
}

void served_meeting::end_pass(local_end& own) const noexcept {
  if (size() == own.size()) {
    own.pass_done();
  }
}

void served_meeting::trade(local_end& own, const step_context& now) {
  buffer payload;
  const kernels::exchange_rule& rule = *link_.rule;
  start_pass(own);
  for_each_block(size(), link_, [&](std::size_t first, std::size_t n) {
    const kernels::near_end near = link_.open(own, now, first, n);
    rule.ask(near, payload.data());
    rule.serve(link_.far->at(first, n, now.step, rule.has_state()),
               payload.data());
    rule.take(near, payload.data(), near.w);  // held: nobody has moved it
    link_.close(own, first, n);
  });
  end_pass(own);
}

void served_meeting::push(local_end& own, const step_context& now) {
  buffer payload;
  const kernels::exchange_rule& rule = *link_.rule;
  start_pass(own);
  for_each_block(size(), link_, [&](std::size_t first, std::size_t n) {
    const kernels::near_end near = link_.open(own, now, first, n);
    rule.ask(near, payload.data());
    rule.serve(link_.far->at(first, n, now.step, rule.has_state()),
               payload.data());
    kernels::relaxed::copy(near.w, n, near.s);
    link_.close(own, first, n);
  });
  end_pass(own);
}

void served_meeting::pull(local_end& own, const step_context& now) {
  buffer payload;
  const kernels::overwrite rule;
  start_pass(own);
  for_each_block(size(), link_, [&](std::size_t first, std::size_t n) {
    const kernels::near_end near = link_.open(own, now, first, n);
    rule.serve(link_.far->at(first, n, now.step, false), payload.data());
    rule.take(near, payload.data(), nullptr);
    link_.close(own, first, n);
  });
  end_pass(own);
}

namespace {

class free_meeting : public served_meeting {
 public:
  using served_meeting::served_meeting;

  bool attend(local_end& own, const step_context& now) override {
    come();
    if (!try_enter(own)) {
      return false;
    }
    trade(own, now);
    leave(own);
    go(2 * vector_bytes());
    return true;
  }
};

/// Turns go round by rank. All come equally often, for all have as many phases.
class turn_meeting : public served_meeting {
 public:
  using served_meeting::served_meeting;

  bool attend(local_end& own, const step_context& now) override {
    come();
    if (!link_.far->is_turn_of(link_.rank) || !try_enter(own)) {
      return false;
    }
    trade(own, now);
    leave(own);
    link_.far->pass_turn();
    go(2 * vector_bytes());
    return true;
  }

 protected:
  bool may_go_on() const override {
    return link_.far->is_turn_of(link_.rank) && served_meeting::may_go_on();
  }
};

class barrier_meeting : public served_meeting {
 public:
  using served_meeting::served_meeting;

  bool attend(local_end& own, const step_context& now) override {
    come();
    if (!arrived_) {
      if (!own.try_hold()) {
        return false;
      }
      arrive(own, now);
    }
    if (!may_go_on() || !own.try_hold()) {
      return false;
    }
    for_each_block(size(), link_, [&](std::size_t first, std::size_t n) {
      const kernels::near_end near = link_.open(own, now, first, n);
      const float* const asked =
          own.published() ? asked_.data() + first : near.w;
      link_.rule->take(near, payload_.data() + first, asked);
      link_.close(own, first, n);
    });
    end_pass(own);
    own.let_go();
    arrived_ = false;
    go(2 * vector_bytes());
    return true;
  }

 protected:
  bool may_go_on() const override {
    return link_.far->barriers_opened() > rounds_before_;
  }

 private:
  void arrive(local_end& own, const step_context& now) {
    payload_.resize(size());
    asked_.resize(own.published() ? size() : 0);
    start_pass(own);
    for_each_block(size(), link_, [&](std::size_t first, std::size_t n) {
      const kernels::near_end near = link_.open(own, now, first, n);
      link_.rule->ask(near, payload_.data() + first);
      if (own.published()) {
        kernels::relaxed::copy(near.w, n, asked_.data() + first);
      }
      link_.close(own, first, n);
    });
    end_pass(own);
    own.let_go();
    arrived_ = true;
    target& far = *link_.far;
    rounds_before_ = far.barriers_opened();
    if (far.arrive(link_.rank, payload_.data())) {
      serve_barrier(*link_.rule, far, now.step);
    }
  }

  std::vector<float> payload_;
  std::vector<float> asked_;  // where others meet this replica meanwhile
  bool arrived_ = false;
  std::uint64_t rounds_before_ = 0;
};

class bounded_meeting : public served_meeting {
 public:
  bounded_meeting(served_link link, std::size_t staleness)
      : served_meeting(std::move(link)), staleness_(staleness) {}

  bool attend(local_end& own, const step_context& now) override {
    come();
    if (!pushed_) {
      if (!try_enter(own)) {
        return false;
      }
      push(own, now);
      leave(own);
      pushed_ = true;
      ++clock_;
      link_.far->tick(link_.rank);
    }
    if (!is_in_bound() || !try_enter(own)) {
      return false;
    }
    pull(own, now);
    leave(own);
    pushed_ = false;
    go(2 * vector_bytes());
    return true;
  }

 protected:
  bool may_go_on() const override {
    return is_in_bound() && served_meeting::may_go_on();
  }

 private:
  bool is_in_bound() const {
    return link_.far->slowest() + staleness_ >= clock_;
  }

  std::size_t staleness_;
  std::uint64_t clock_ = 0;
  bool pushed_ = false;
};

class push_fetch_meeting : public served_meeting {
 public:
  push_fetch_meeting(served_link link, std::size_t push, std::size_t fetch)
      : served_meeting(std::move(link)), push_(push), fetch_(fetch) {}

  bool attend(local_end& own, const step_context& now) override {
    come();
    if (!try_enter(own)) {
      return false;
    }
    steps_ += tau;
    std::uint64_t bytes = 0;
    if (steps_ % push_ == 0) {
      push(own, now);
      bytes += vector_bytes();
    }
    if (steps_ % fetch_ == 0) {
      pull(own, now);
      bytes += vector_bytes();
    }
    leave(own);
    go(bytes);
    return true;
  }

 private:
  std::size_t push_;
  std::size_t fetch_;
  std::size_t steps_ = 0;
};

/// Each occasion is with another neighbour.
class random_meeting : public meeting {
 public:
  random_meeting(std::vector<std::unique_ptr<meeting>> with,
                 kernels::random_stream random)
      : with_(std::move(with)), random_(random) {
    for (const auto& each : with_) {
      meters_.insert(meters_.end(), each->meters().begin(),
                     each->meters().end());
    }
  }

  bool attend(local_end& own, const step_context& now) override {
    if (!drawn_) {
      chosen_ = random_.below(static_cast<std::uint32_t>(with_.size()));
      drawn_ = true;
    }
    if (!with_[chosen_]->attend(own, now)) {
      return false;
    }
    drawn_ = false;
    return true;
  }
  void wait() override { with_[chosen_]->wait(); }
  std::string waits_for() const override { return with_[chosen_]->waits_for(); }

 private:
  std::vector<std::unique_ptr<meeting>> with_;
  kernels::random_stream random_;
  std::size_t chosen_ = 0;
  bool drawn_ = false;
};

}  // namespace

std::unique_ptr<meeting> meet_freely(served_link link) {
  return std::make_unique<free_meeting>(std::move(link));
}

std::unique_ptr<meeting> meet_in_turn(served_link link) {
  return std::make_unique<turn_meeting>(std::move(link));
}

std::unique_ptr<meeting> meet_at_barrier(served_link link) {
  return std::make_unique<barrier_meeting>(std::move(link));
}

std::unique_ptr<meeting> meet_bounded(served_link link, std::size_t staleness) {
  return std::make_unique<bounded_meeting>(std::move(link), staleness);
}

std::unique_ptr<meeting> push_and_fetch(served_link link, std::size_t push,
                                        std::size_t fetch) {
  return std::make_unique<push_fetch_meeting>(std::move(link), push, fetch);
}

std::unique_ptr<meeting> meet_at_random(
    std::vector<std::unique_ptr<meeting>> with, kernels::random_stream random) {
  return std::make_unique<random_meeting>(std::move(with), random);
}

}  // namespace sounder::actors

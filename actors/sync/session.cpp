#include "actors/sync/session.hpp"

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <utility>

#include "actors/sync/gate/gate.hpp"

namespace sounder::actors {

namespace {

/// One occasion after another:
///
///   away --attend()--> errands of the discipline, first come, first run
///     ^                                  |
///     +----------- measured <------------+ none is left
class session : public meeting {
 public:
  explicit session(std::unique_ptr<channel> way) : way_(std::move(way)) {
    meters_.push_back(way_->link().meter);
  }

  bool attend(local_end& own, const step_context& now) override {
    if (!std::exchange(came_, true)) {
      since_ = clock::now();
      steps_ += tau;
      const local_link& link = way_->link();
      errands_ =
          errands_for(link.discipline, steps_, kernels::moves_both(*link.rule));
    }
    for (; !errands_.is_empty(); errands_.pop()) {
      if (!way_->run(errands_.front(), own, now)) {
        return false;
      }
    }
    finish();
    return true;
  }

  void wait() override { way_->wait(errands_.front()); }

  bool is_unanswered() const override { return came_ && way_->is_unanswered(); }

  void resign() override { way_->rest(); }

  void keep(state_archive& all) override {
    all.require_rest(!came_);
    all(steps_, *way_);
  }

  std::string waits_for() const override {
    const link_meter& link = *meters_.front();
    return link.from + " waits for " + link.to + way_->place();
  }

 private:
  using clock = std::chrono::steady_clock;

  void finish() {
    const channel::traffic seen = way_->take_traffic();
    link_meter& meter = *meters_.front();
    meter.staleness.add(seen.staleness);
    meter.bytes.fetch_add(seen.bytes, std::memory_order_relaxed);
    meter.latency_ns->add(
        static_cast<std::uint64_t>((clock::now() - since_).count()));
    came_ = false;
  }

  std::unique_ptr<channel> way_;
  std::size_t steps_ = 0;
  errand_list errands_;  // of this occasion, still to run
  bool came_ = false;
  clock::time_point since_;
};

/// Each occasion is with another neighbour:
///
///   idle --drawn--> at hand --met--> idle
///                     | not answered for a moment: the replica goes on
///                   asked --answered, at an occasion of any--> idle
///
/// The moment is what a thread on a busy machine waits for its turn: replicas
/// that do not wait at all meet a tenth as often there.
class random_meeting : public meeting {
 public:
  random_meeting(std::vector<std::unique_ptr<meeting>> with,
                 kernels::random_stream random)
      : random_(random) {
    for (auto& each : with) {
      meters_.insert(meters_.end(), each->meters().begin(),
                     each->meters().end());
      with_.push_back({std::move(each)});
    }
  }

  bool attend(local_end& own, const step_context& now) override {
    if (!drawn_) {
      if (!take_answers(own, now)) {
        return false;
      }
      if (!draw()) {
        return true;  // all are asked
      }
    }
    if (!go_on(chosen_, own, now)) {
      return false;
    }
    drawn_ = false;
    return true;
  }
  void wait() override { with_[at_]->wait(); }
  std::string waits_for() const override { return with_[at_]->waits_for(); }

  bool deliver(local_end& own, const step_context& now,
               std::chrono::milliseconds patience) override {
    return take_answers(own, now) &&
           std::all_of(with_.begin(), with_.end(), [&](const neighbour& each) {
             return !each.is_asked || clock::now() - each.since > patience;
           });
  }

  void keep(state_archive& all) override {
    all.require_rest(!drawn_);
    all(random_);
    for (const neighbour& each : with_) {
      all(*each.meeting);
    }
  }

 private:
  using clock = std::chrono::steady_clock;
  static constexpr std::chrono::milliseconds moment{1};

  struct neighbour {
    std::unique_ptr<actors::meeting> meeting;
    bool is_asked = false;      // and the replica goes on
    clock::time_point since{};  // drawn

    actors::meeting* operator->() const noexcept { return meeting.get(); }
  };

  /// False while the one at hand has to be waited for.
  bool go_on(std::size_t with, local_end& own, const step_context& now) {
    at_ = with;
    neighbour& other = with_[with];
    const bool is_met = other->attend(own, now);
    const bool is_left = !is_met && other->is_unanswered() &&
                         clock::now() - other.since > moment;
    other.is_asked = is_left || (other.is_asked && !is_met);
    return is_met || is_left;
  }

  bool take_answers(local_end& own, const step_context& now) {
    for (std::size_t k = 0; k < with_.size(); ++k) {
      if (with_[k].is_asked && !go_on(k, own, now)) {
        return false;
      }
    }
    return true;
  }

  /// One of the idle. False when there is none.
  bool draw() {
    const auto idle = static_cast<std::uint32_t>(
        std::count_if(with_.begin(), with_.end(),
                      [](const neighbour& each) { return !each.is_asked; }));
    if (idle == 0) {
      return false;
    }
    std::uint32_t left = random_.below(idle);
    chosen_ = 0;
    while (with_[chosen_].is_asked || left-- > 0) {
      ++chosen_;
    }
    with_[chosen_].since = clock::now();
    return drawn_ = true;
  }

  std::vector<neighbour> with_;
  kernels::random_stream random_;
  std::size_t chosen_ = 0;
  bool drawn_ = false;
  std::size_t at_ = 0;  // whom attend() went on with last
};

}  // namespace

std::unique_ptr<meeting> meet_over(std::unique_ptr<channel> way) {
  return std::make_unique<session>(std::move(way));
}

std::unique_ptr<meeting> meet_at_random(
    std::vector<std::unique_ptr<meeting>> with, kernels::random_stream random) {
  return std::make_unique<random_meeting>(std::move(with), random);
}

}  // namespace sounder::actors

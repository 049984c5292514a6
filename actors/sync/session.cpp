#include "actors/sync/session.hpp"

#include <chrono>
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

  void keep(state_archive& all) override {
    all.require_rest(!drawn_);
    all(random_);
    for (const auto& each : with_) {
      all(*each);
    }
  }

 private:
  std::vector<std::unique_ptr<meeting>> with_;
  kernels::random_stream random_;
  std::size_t chosen_ = 0;
  bool drawn_ = false;
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

#include "actors/sync/group_meeting.hpp"

#include <algorithm>
#include <thread>
#include <utility>

namespace sounder::actors {

namespace {

/// What a member brings to its group, until it has taken the result over: a
/// gradient and its step size where they stand before the optimizer, otherwise
/// parameters. The values are the replica's own, which nobody else touches
/// while it is at rest; of one that others meet meanwhile, a copy.
class group_member {
 public:
  explicit group_member(std::shared_ptr<group_exchange> group)
      : group_(std::move(group)) {}

  group_exchange& group() const noexcept { return *group_; }

  /// `exchange` from the values to the result, null until it is there. True
  /// when that is taken over; false also while somebody else holds the
  /// published copy.
  template <class Exchange>
  bool attend(local_end& own, const Exchange& exchange) {
    is_in_ = is_in_ || bring(own);
    if (is_in_ && result_ == nullptr) {
      result_ = exchange(values_);
    }
    if (result_ == nullptr || !take(own)) {
      return false;
    }
    is_in_ = false;
    result_ = nullptr;
    return true;
  }

  /// Nothing is left when it is over; rounds are counted with the group.
  void keep(state_archive& all) const { all.require_rest(!is_in_); }

  void wait() {
    if (is_in_ && result_ == nullptr) {
      group_->wait();
    } else {  // for the published copy
      std::this_thread::sleep_for(std::chrono::microseconds(50));
    }
  }

 private:
  bool bring(local_end& own) {
    if (own.has_gradient()) {
      values_ = own.gradient();
      return true;
    }
    if (!own.try_hold()) {
      return false;
    }
    own.open_all();
    values_ = {own.parameters(), own.size()};
    if (own.published()) {
      asked_.assign(values_.begin(), values_.end());
      copy_ = asked_;
      values_ = copy_;
    }
    own.let_go();
    return true;
  }

  bool take(local_end& own) const {
    const bool is_in_place = result_ == values_.data();
    if (own.has_gradient()) {
      if (!is_in_place) {
        std::copy_n(result_, values_.size(), values_.data());
      }
      return true;
    }
    if (!own.try_hold()) {
      return false;
    }
    if (own.published()) {
      own.move(asked_.data(), result_);
    } else if (!is_in_place) {
      own.assign(result_);
    }
    own.let_go();
    return true;
  }

  std::shared_ptr<group_exchange> group_;
  bool is_in_ = false;
  const float* result_ = nullptr;
  std::span<float> values_;
  std::vector<float> asked_;  // of one that others meet, when it came
  std::vector<float> copy_;
};

class reduce_meeting : public meeting {
 public:
  reduce_meeting(std::shared_ptr<group_exchange> group,
                 std::shared_ptr<link_meter> meter)
      : member_(std::move(group)) {
    meters_.push_back(std::move(meter));
  }

  bool attend(local_end& own, const step_context& /*now*/) override {
    const bool is_over = member_.attend(own, [this](std::span<float> w) {
      since_ = std::exchange(came_, true) ? since_ : clock::now();
      return member_.group().reduce(w);
    });
    if (is_over) {
      came_ = false;
      meters_.front()->bytes.fetch_add(member_.group().take_bytes());
      meters_.front()->latency_ns->add(
          static_cast<std::uint64_t>((clock::now() - since_).count()));
    }
    return is_over;
  }

  void wait() override { member_.wait(); }

  std::string waits_for() const override {
    return meters_.front()->from + " waits for the others of its all-reduce";
  }

  void keep(state_archive& all) override { all(member_); }

 private:
  using clock = std::chrono::steady_clock;

  group_member member_;
  bool came_ = false;
  clock::time_point since_;
};

/// Once every occasion: drawing --> pushing (the pusher) --> handing on.
class group_push_meeting : public meeting {
 public:
  group_push_meeting(std::shared_ptr<group_exchange> group,
                     std::unique_ptr<meeting> inner,
                     std::unique_ptr<kernels::random_stream> random)
      : member_(std::move(group)),
        inner_(std::move(inner)),
        random_(std::move(random)) {
    meters_ = inner_->meters();
  }

  bool attend(local_end& own, const step_context& now) override {
    group_exchange& group = member_.group();
    if (!std::exchange(drawn_, true)) {
      const auto members = static_cast<std::uint32_t>(group.members);
      pusher_ = random_ ? random_->below(members) : 0;
      pushed_ = pusher_ != group.rank;
    }
    pushed_ = pushed_ || inner_->attend(own, now);
    if (!pushed_ || !member_.attend(own, [&](std::span<float> w) {
          return group.hand_on(w, pusher_);
        })) {
      return false;
    }
    meters_.front()->bytes.fetch_add(group.take_bytes());
    drawn_ = false;
    return true;
  }

  void wait() override {
    if (pushed_) {
      member_.wait();
    } else {
      inner_->wait();
    }
  }

  std::string waits_for() const override {
    return pushed_ ? meters_.front()->from + " waits for its group's push"
                   : inner_->waits_for();
  }

  void keep(state_archive& all) override {
    all.require_rest(!drawn_);
    if (random_) {
      all(*random_);
    }
    all(member_, *inner_);
  }

 private:
  group_member member_;
  std::unique_ptr<meeting> inner_;
  std::unique_ptr<kernels::random_stream> random_;
  std::size_t pusher_ = 0;
  bool drawn_ = false;
  bool pushed_ = false;
};

}  // namespace

std::unique_ptr<meeting> reduce_together(std::shared_ptr<group_exchange> group,
                                         std::shared_ptr<link_meter> meter) {
  return std::make_unique<reduce_meeting>(std::move(group), std::move(meter));
}

std::unique_ptr<meeting> push_for_group(
    std::shared_ptr<group_exchange> group, std::unique_ptr<meeting> inner,
    std::unique_ptr<kernels::random_stream> random) {
  return std::make_unique<group_push_meeting>(
      std::move(group), std::move(inner), std::move(random));
}

}  // namespace sounder::actors

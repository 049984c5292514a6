#include "actors/all_reduce_meeting.hpp"

#include <algorithm>
#include <utility>

namespace sounder::actors {

reduce_group::reduce_group(kernels::reduce_groups of, std::size_t members,
                           std::size_t size)
    : groups(std::move(of)), vectors(members) {
  for (auto& buffer : result) {
    buffer.resize(size);
  }
}

namespace {

class reduce_meeting : public meeting {
 public:
  reduce_meeting(std::shared_ptr<reduce_group> group, std::size_t rank,
                 std::shared_ptr<link_meter> meter)
      : group_(std::move(group)), rank_(rank) {
    meters_.push_back(std::move(meter));
  }

  bool attend(near_side& own, const moment& /*now*/) override {
    if (stage_ == stage::away) {
      if (!own.try_hold()) {
        return false;
      }
      since_ = clock::now();
      own.open_all();
      group_->vectors[rank_] = own.parameters();
      arrive(group_->came, stage::here);
    }
    if (stage_ == stage::here && everyone(group_->came)) {
      const auto members = group_->vectors.size();
      kernels::mean_of_segment(group_->vectors, group_->groups, rank_,
                               kernels::segment_of(rank_, members, own.size()),
                               result().data());
      arrive(group_->reduced, stage::reduced);
    }
    if (stage_ != stage::reduced || !everyone(group_->reduced)) {
      return false;
    }
    own.assign(result().data());
    own.let_go();
    finish(own.size());
    return true;
  }

  void wait() override {
    static_cast<void>(group_->changed.wait([this] {
      return stage_ == stage::away ||
             everyone(stage_ == stage::here ? group_->came : group_->reduced);
    }));
  }

  std::string waits_for() const override {
    return meters_.front()->from + " waits for the others of its all-reduce";
  }

 private:
  enum class stage { away, here, reduced };

  void arrive(std::atomic<std::uint64_t>& counter, stage next) {
    counter.fetch_add(1);
    group_->changed.notify();
    stage_ = next;
  }
  bool everyone(const std::atomic<std::uint64_t>& counter) const {
    return counter.load() >= (round_ + 1) * group_->vectors.size();
  }
  std::vector<float>& result() { return group_->result[round_ % 2]; }

  void finish(std::size_t size) {
    const std::size_t members = group_->vectors.size();
    meters_.front()->bytes.fetch_add(2 * (members - 1) * size * sizeof(float) /
                                     members);
    meters_.front()->latency_ns.add(
        static_cast<std::uint64_t>((clock::now() - since_).count()));
    stage_ = stage::away;
    ++round_;
  }

  using clock = std::chrono::steady_clock;
  std::shared_ptr<reduce_group> group_;
  std::size_t rank_;
  stage stage_ = stage::away;
  std::uint64_t round_ = 0;
  clock::time_point since_;
};

class group_push_meeting : public meeting {
 public:
  group_push_meeting(std::shared_ptr<reduce_group> group, std::size_t rank,
                     std::unique_ptr<meeting> inner, std::string name,
                     std::unique_ptr<kernels::random_stream> random)
      : group_(std::move(group)),
        rank_(rank),
        inner_(std::move(inner)),
        name_(std::move(name)),
        random_(std::move(random)) {
    meters_ = inner_->meters();
  }

  bool attend(near_side& own, const moment& now) override {
    if (!drawn_) {
      drawn_ = true;
      const auto members = static_cast<std::uint32_t>(group_->vectors.size());
      pusher_ = random_ ? random_->below(members) : 0;
    }
    const bool met = pusher_ == rank_ ? push(own, now) : follow(own);
    if (met) {
      ++round_;
      drawn_ = false;
    }
    return met;
  }

  void wait() override {
    if (drawn_ && pusher_ == rank_) {
      inner_->wait();
    } else {
      static_cast<void>(group_->changed.wait(
          [this] { return group_->pushes.load() > round_; }));
    }
  }

  std::string waits_for() const override {
    return pusher_ == rank_ ? inner_->waits_for()
                            : name_ + " waits for its group's push";
  }

 private:
  bool push(near_side& own, const moment& now) {
    if (!inner_->attend(own, now)) {
      return false;
    }
    const float* const w = own.parameters();
    group_->pushed[round_ % 2].assign(w, w + own.size());
    group_->pushes.fetch_add(1);
    group_->changed.notify();
    return true;
  }

  bool follow(near_side& own) {
    if (group_->pushes.load() <= round_ || !own.try_hold()) {
      return false;
    }
    own.open_all();
    own.assign(group_->pushed[round_ % 2].data());
    own.let_go();
    return true;
  }

  std::shared_ptr<reduce_group> group_;
  std::size_t rank_;
  std::unique_ptr<meeting> inner_;
  std::string name_;
  std::unique_ptr<kernels::random_stream> random_;
  std::size_t pusher_ = 0;
  bool drawn_ = false;
  std::uint64_t round_ = 0;
};

}  // namespace

std::unique_ptr<meeting> reduce_together(std::shared_ptr<reduce_group> group,
                                         std::size_t rank,
                                         std::shared_ptr<link_meter> meter) {
  return std::make_unique<reduce_meeting>(std::move(group), rank,
                                          std::move(meter));
}

std::unique_ptr<meeting> push_for_group(
    std::shared_ptr<reduce_group> group, std::size_t rank,
    std::unique_ptr<meeting> inner, std::string name,
    std::unique_ptr<kernels::random_stream> random) {
  return std::make_unique<group_push_meeting>(std::move(group), rank,
                                              std::move(inner), std::move(name),
                                              std::move(random));
}

}  // namespace sounder::actors

#include "actors/sync/all_reduce_meeting.hpp"

#include <utility>

#include "actors/sync/group_payload.hpp"

namespace sounder::actors {

reduce_group::reduce_group(kernels::reduce_groups of, std::size_t members,
                           std::size_t size)
    : groups(std::move(of)), vectors(members) {
  for (auto& buffer : result) {
    buffer.resize(size + 1);  // a gradient brings its step size
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

  bool attend(local_end& own, const step_context& /*now*/) override {
    if (stage_ == stage::away) {
      if (!payload_.bring(own)) {
        return false;
      }
      since_ = clock::now();
      group_->vectors[rank_] = payload_.values().data();
      arrive(group_->came, stage::here);
    }
    const std::size_t size = payload_.values().size();
    if (stage_ == stage::here && everyone(group_->came)) {
      const auto members = group_->vectors.size();
      kernels::mean_of_segment(group_->vectors, group_->groups, rank_,
                               kernels::segment_of(rank_, members, size),
                               result().data());
      arrive(group_->reduced, stage::reduced);
    }
    if (stage_ != stage::reduced || !everyone(group_->reduced) ||
        !payload_.take(own, result().data())) {
      return false;
    }
    finish(size);
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
  group_payload payload_;
  std::uint64_t round_ = 0;
  clock::time_point since_;
};

}  // namespace

std::unique_ptr<meeting> reduce_together(std::shared_ptr<reduce_group> group,
                                         std::size_t rank,
                                         std::shared_ptr<link_meter> meter) {
  return std::make_unique<reduce_meeting>(std::move(group), rank,
                                          std::move(meter));
}

}  // namespace sounder::actors

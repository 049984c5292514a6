#include "actors/sync/group_push.hpp"

#include <algorithm>
#include <thread>
#include <utility>

#include "actors/wire/transfer.hpp"

namespace sounder::actors {

namespace {

class memory_handing : public handing_on {
 public:
  memory_handing(std::shared_ptr<reduce_group> group, std::size_t rank)
      : group_(std::move(group)), rank_(rank) {}

  bool attend(local_end& own, std::size_t pusher) override {
    if (pusher == rank_) {
      const float* const w = own.parameters();
      group_->pushed[round_ % 2].assign(w, w + own.size());
      group_->pushes.fetch_add(1);
      group_->changed.notify();
    } else {
      if (group_->pushes.load() <= round_ || !own.try_hold()) {
        return false;
      }
      own.open_all();
      own.assign(group_->pushed[round_ % 2].data());
      own.let_go();
    }
    ++round_;
    return true;
  }

  void wait() override {
    static_cast<void>(group_->changed.wait(
        [this] { return group_->pushes.load() > round_; }));
  }

 private:
  std::shared_ptr<reduce_group> group_;
  std::size_t rank_;
  std::uint64_t round_ = 0;
};

/// Takes the vector in from one side and passes it on to others as it comes.
class wire_handing : public handing_on {
 public:
  wire_handing(reduce_ways ways, std::vector<group_place> places,
               std::size_t rank, std::shared_ptr<link_meter> meter)
      : ways_(std::move(ways)),
        places_(std::move(places)),
        rank_(rank),
        meter_(std::move(meter)) {}

  bool attend(local_end& own, std::size_t pusher) override {
    if (!begun_) {
      begin(own, pusher);
    }
    if (source_ && source_->get() != nullptr) {
      in_.receive_on(*source_->get());
    }
    bool is_over = in_.is_over();
    for (std::size_t k = 0; k < out_.size(); ++k) {
      if (targets_[k]->get() != nullptr) {
        out_[k].send_on(*targets_[k]->get(), in_.done);
      }
      is_over = is_over && out_[k].is_over();
    }
    if (!is_over || !own.try_hold()) {
      return false;
    }
    own.open_all();
    if (source_) {
      own.assign(w_.data());
    }
    own.let_go();
    meter_->bytes.fetch_add(w_.size() * sizeof(float) * out_.size());
    begun_ = false;
    return true;
  }

  void wait() override {
    std::vector<stream::interest> all;
    if (source_ && source_->get() != nullptr && !in_.is_over()) {
      all.push_back({source_->get(), true, false});
    }
    for (std::size_t k = 0; k < out_.size(); ++k) {
      if (targets_[k]->get() != nullptr && out_[k].done < in_.done) {
        all.push_back({targets_[k]->get(), false, true});
      }
    }
    if (all.empty()) {
      std::this_thread::sleep_for(std::chrono::microseconds(200));
    } else {
      stream::wait(all, std::chrono::milliseconds(5));
    }
  }

 private:
  /// Up to the leader of the pusher, round the ring, and down to the members.
  void begin(local_end& own, std::size_t pusher) {
    begun_ = true;
    const group_place mine = places_[rank_];
    const group_place first = places_[pusher];
    const bool pushes = pusher == rank_;
    source_.reset();
    targets_.clear();
    if (mine.member > 0 && pushes) {
      targets_.push_back(ways_.leader);
    } else if (mine.member > 0) {
      source_ = ways_.leader;
    } else {
      const bool in_my_group = first.position == mine.position;
      for (std::size_t k = 0; k < ways_.group.size(); ++k) {
        if (in_my_group && first.member == k + 1) {
          source_ = ways_.group[k];
        } else {
          targets_.push_back(ways_.group[k]);
        }
      }
      if (!in_my_group) {
        source_ = ways_.previous;
      }
      if ((mine.position + 1) % ways_.leaders != first.position) {
        targets_.push_back(ways_.next);
      }
    }
    w_.resize(own.size());
    in_.start(w_.data(), w_.size());
    if (pushes) {
      std::copy_n(own.parameters(), own.size(), w_.data());
      in_.done = in_.size;
    }
    out_.assign(targets_.size(), {});
    for (transfer& to : out_) {
      to.start(w_.data(), w_.size());
    }
  }

  reduce_ways ways_;
  std::vector<group_place> places_;  // by rank
  std::size_t rank_;
  std::shared_ptr<link_meter> meter_;
  bool begun_ = false;
  std::vector<float> w_;
  std::shared_ptr<pending_stream> source_;  // none for the pusher
  transfer in_;
  std::vector<std::shared_ptr<pending_stream>> targets_;
  std::vector<transfer> out_;
};

/// Once every occasion: drawing --> pushing (the pusher) --> handing on.
class group_push_meeting : public meeting {
 public:
  explicit group_push_meeting(group_pusher pusher) : way_(std::move(pusher)) {
    meters_ = way_.inner->meters();
  }

  bool attend(local_end& own, const step_context& now) override {
    if (!std::exchange(drawn_, true)) {
      const auto members = static_cast<std::uint32_t>(way_.members);
      pusher_ = way_.random ? way_.random->below(members) : 0;
      pushed_ = pusher_ != way_.rank;
    }
    if (!pushed_ && !way_.inner->attend(own, now)) {
      return false;
    }
    pushed_ = true;
    if (!way_.after->attend(own, pusher_)) {
      return false;
    }
    drawn_ = false;
    return true;
  }

  void wait() override {
    if (pushed_) {
      way_.after->wait();
    } else {
      way_.inner->wait();
    }
  }

  std::string waits_for() const override {
    return pushed_ ? way_.name + " waits for its group's push"
                   : way_.inner->waits_for();
  }

 private:
  group_pusher way_;
  std::size_t pusher_ = 0;
  bool drawn_ = false;
  bool pushed_ = false;
};

}  // namespace

std::unique_ptr<handing_on> hand_on_in_memory(
    std::shared_ptr<reduce_group> group, std::size_t rank) {
  return std::make_unique<memory_handing>(std::move(group), rank);
}

std::unique_ptr<handing_on> hand_on_by_wire(reduce_ways ways,
                                            std::vector<group_place> places,
                                            std::size_t rank,
                                            std::shared_ptr<link_meter> meter) {
  return std::make_unique<wire_handing>(std::move(ways), std::move(places),
                                        rank, std::move(meter));
}

std::unique_ptr<meeting> push_for_group(group_pusher pusher) {
  return std::make_unique<group_push_meeting>(std::move(pusher));
}

}  // namespace sounder::actors

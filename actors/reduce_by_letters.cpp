#include <algorithm>
#include <utility>

#include "actors/all_reduce_meeting.hpp"
#include "kernels/exchange/gossip.hpp"

namespace sounder::actors {

namespace {

using values_ptr = std::shared_ptr<std::vector<float>>;

/// Stages of a round, in the order of a leader; a member's letter to its
/// leader is stage 0, the mean sent back the last.
///
///   0                 members' vectors, added up
///   1 .. L-1          reduce-scatter
///   L .. 2L-2         all-gather
///   2L-1              the mean to the members
class letter_meeting : public meeting {
 public:
  letter_meeting(reduce_ways ways, std::shared_ptr<link_meter> meter)
      : ways_(std::move(ways)) {
    meters_.push_back(std::move(meter));
  }

  bool attend(near_side& own, const moment& /*now*/) override {
    mail_ = own.mail(box::reductions).get();
    if (stage_ == 0 && !begun_) {
      if (!own.try_hold()) {
        return false;
      }
      since_ = clock::now();
      own.open_all();
      sum_.assign(own.parameters(), own.parameters() + own.size());
      own.let_go();
      begun_ = true;
      if (ways_.leader) {
        send(*ways_.leader, 0, sum_);
      }
    }
    if (!(ways_.leader ? follow() : lead()) || !own.try_hold()) {
      return false;
    }
    own.assign(sum_.data());
    own.let_go();
    finish();
    return true;
  }

  void wait() override {
    static_cast<void>(
        mail_->changed.wait([this] { return has_mail(stage_, needed()); }));
  }

  std::string waits_for() const override {
    return meters_.front()->from + " waits for the others of its all-reduce";
  }

 private:
  std::size_t last_stage() const { return 2 * ways_.leaders - 1; }
  std::uint64_t code(std::size_t stage) const {
    return round_ * (2 * ways_.leaders) + stage;
  }
  std::size_t needed() const {
    return stage_ == 0 && !ways_.leader ? ways_.group.size() : 1;
  }
  bool has_mail(std::size_t stage, std::size_t count) const {
    return count == 0 || mail_->has_round(code(stage), count);
  }

  void send(mailbox_of& to, std::size_t stage, std::vector<float> values) {
    meters_.front()->bytes.fetch_add(values.size() * sizeof(float));
    to.put({ways_.replica, code(stage), 0.0,
            std::make_shared<std::vector<float>>(std::move(values))});
  }

  bool follow() {
    stage_ = last_stage();
    const auto mail = mail_->take_round(code(stage_), 1);
    if (mail.empty()) {
      return false;
    }
    sum_ = *mail.front().values;
    return true;
  }

  bool lead() {
    if (stage_ == 0) {
      if (!has_mail(0, ways_.group.size())) {
        return false;
      }
      for (const letter& mail :
           mail_->take_round(code(0), ways_.group.size())) {
        kernels::push_sum_gather(sum_.data(), mail.values->data(), sum_.size());
      }
      next_stage();
    }
    while (stage_ < last_stage()) {
      auto mail = mail_->take_round(code(stage_), 1);
      if (mail.empty()) {
        return false;
      }
      merge(*mail.front().values);
      next_stage();
    }
    for (const auto& member : ways_.group) {
      send(*member, last_stage(), sum_);
    }
    return true;
  }

  kernels::segment part(std::size_t offset) const {
    const std::size_t n = ways_.leaders;
    return kernels::segment_of((ways_.position + 2 * n - offset) % n, n,
                               sum_.size());
  }

  /// Enters a stage of the ring: sends what it begins with.
  void next_stage() {
    ++stage_;
    const std::size_t n = ways_.leaders;
    if (stage_ == n) {
      scale();  // the own segment is complete
    }
    if (stage_ >= last_stage()) {
      return;
    }
    const kernels::segment s = stage_ < n ? part(stage_) : part(stage_ - n);
    send(*ways_.next, stage_,
         {sum_.begin() + static_cast<std::ptrdiff_t>(s.first),
          sum_.begin() + static_cast<std::ptrdiff_t>(s.last)});
  }

  /// What the ring has brought in this stage.
  void merge(const std::vector<float>& values) {
    const std::size_t n = ways_.leaders;
    const bool is_sum = stage_ < n;
    const kernels::segment s = is_sum ? part(stage_ + 1) : part(stage_ - n + 1);
    float* const here = sum_.data() + s.first;
    if (is_sum) {
      kernels::push_sum_gather(here, values.data(), s.last - s.first);
    } else {
      std::copy_n(values.data(), s.last - s.first, here);
    }
  }

  void scale() {
    const kernels::segment s = part(0);
    const float share = 1.0F / static_cast<float>(ways_.members);
    for (std::size_t j = s.first; j < s.last; ++j) {
      sum_[j] *= share;
    }
  }

  void finish() {
    meters_.front()->latency_ns.add(
        static_cast<std::uint64_t>((clock::now() - since_).count()));
    stage_ = 0;
    begun_ = false;
    ++round_;
  }

  using clock = std::chrono::steady_clock;
  reduce_ways ways_;
  std::vector<float> sum_;
  inbox* mail_ = nullptr;
  std::size_t stage_ = 0;
  bool begun_ = false;
  std::uint64_t round_ = 0;
  clock::time_point since_;
};

}  // namespace

std::unique_ptr<meeting> reduce_by_letters(reduce_ways ways,
                                           std::shared_ptr<link_meter> meter) {
  return std::make_unique<letter_meeting>(std::move(ways), std::move(meter));
}

}  // namespace sounder::actors

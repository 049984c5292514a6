#include "actors/sync/gossip_meeting.hpp"

#include <algorithm>
#include <utility>

#include "kernels/exchange/gossip.hpp"

namespace sounder::actors {

namespace {

using values_ptr = std::shared_ptr<std::vector<float>>;

class outbox_to_inbox : public outbox {
 public:
  outbox_to_inbox(std::shared_ptr<inbox> to, std::shared_ptr<link_meter> meter)
      : to_(std::move(to)), meter_(std::move(meter)) {}
  void put(update news) override {
    meter_->bytes.fetch_add(news.values->size() * sizeof(float));
    to_->put(std::move(news));
  }
  bool has_room() const override { return true; }
  void wait_for_room(signal::time_point) override {}
  bool is_delivered() const override { return true; }
  void keep(state_archive&) override {}

 private:
  std::shared_ptr<inbox> to_;
  std::shared_ptr<link_meter> meter_;
};

class gossip_meeting : public meeting {
 public:
  gossip_meeting(neighbourhood around, std::vector<float> start,
                 update_kind kind)
      : around_(std::move(around)), s_(std::move(start)), kind_(kind) {
    for (const neighbour& n : around_.out) {
      meters_.push_back(n.meter);
    }
  }

  bool attend(local_end& own, const step_context& now) override {
    inbox_ = own.inbox_for(kind_).get();
    if (!came_) {
      since_ = clock::now();
      came_ = true;
    }
    if (!may_meet(since_) || !own.try_hold()) {
      return false;
    }
    own.open_all();
    const bool met = meet(own, now);
    if (met) {
      own.close_all();
      ++round_;
      came_ = false;
    }
    own.let_go();
    return met;
  }

  void wait() override {
    if (inbox_ != nullptr) {
      static_cast<void>(inbox_->changed.wait([this] { return may_go_on(); }));
    }
  }

  std::string waits_for() const override {
    return around_.name + " waits for the updates of its neighbours";
  }

  bool deliver(local_end& /*own*/, const step_context& /*now*/,
               std::chrono::milliseconds /*patience*/) override {
    return std::all_of(around_.outboxes.begin(), around_.outboxes.end(),
                       [](const auto& each) { return each->is_delivered(); });
  }

  void keep(state_archive& all) override {
    all.require_rest(!came_);
    all(s_, round_);
    for (const auto& each : around_.outboxes) {
      all(*each);
    }
  }

 protected:
  using clock = std::chrono::steady_clock;

  /// Whether this occasion, which it came to then, may begin.
  virtual bool may_meet(clock::time_point /*came*/) { return true; }
  virtual bool meet(local_end& own, const step_context& now) = 0;
  virtual bool may_go_on() const { return true; }
  bool has_all() const { return inbox_->has_round(round_, around_.in); }
  std::vector<update> unread(const local_end& own) const {
    return own.inbox_for(kind_)->all();
  }

  void send(const values_ptr& values, double weight) {
    around_.latency_ns->add(
        static_cast<std::uint64_t>((clock::now() - since_).count()));
    for (const auto& each : around_.outboxes) {
      each->put({around_.replica, round_, weight, values});
    }
  }

  neighbourhood around_;
  std::vector<float> s_;
  std::uint64_t round_ = 0;
  inbox* inbox_ = nullptr;

 private:
  const update_kind kind_;
  clock::time_point since_;
  bool came_ = false;
};

/// Meets while its last update is on the way, but waits a moment before it adds
/// to one that has not set out: two that walk on alone find the same thing
/// twice, and the sum of it is as far beyond the minimum as they came from
/// before it. Who has let some moments in a row go by has stopped, or is slow
/// to answer, and holds up nobody.
class broadcast_meeting : public gossip_meeting {
 public:
  broadcast_meeting(neighbourhood around, std::vector<float> start,
                    std::size_t parameters)
      : gossip_meeting(std::move(around), std::move(start),
                       update_kind::deltas),
        parameters_(parameters),
        share_(1.0F / static_cast<float>(around_.in + 1)) {}

  void add_unread(const local_end& own, std::span<float> w) const override {
    for (const update& news : unread(own)) {
      kernels::push_sum_gather(w.data(), news.values->data(), w.size());
    }
  }

  void wait() override {
    for (const auto& each : around_.outboxes) {
      each->wait_for_room(until_);
    }
  }

 protected:
  bool may_meet(clock::time_point came) override {
    until_ = came + moment;
    const bool has_room =
        std::all_of(around_.outboxes.begin(), around_.outboxes.end(),
                    [](const auto& each) { return each->has_room(); });
    if (!has_room && moments_ < most_moments && clock::now() < until_) {
      return false;
    }
    moments_ = has_room ? 0 : std::min(moments_ + 1, most_moments);
    return true;
  }

  bool meet(local_end& own, const step_context& /*now*/) override {
    auto delta = std::make_shared<std::vector<float>>(own.size());
    float* const w = own.parameters();
    kernels::take_delta(delta->data(), w, s_.data(), parameters_);
    kernels::take_share(delta->data() + parameters_, w + parameters_,
                        s_.data() + parameters_, share_,
                        own.size() - parameters_);
    send(delta, 0.0);
    for (const update& news : inbox_->take_all()) {
      kernels::apply_delta(w, s_.data(), news.values->data(), own.size());
    }
    return true;
  }

 private:
  static constexpr std::chrono::milliseconds moment{1};
  static constexpr unsigned most_moments = 20;

  std::size_t parameters_;
  float share_;
  clock::time_point until_;
  unsigned moments_ = 0;  // without room, in a row
};

/// Tells s as soon as it is known, so that it travels while others step.
class lockstep_meeting : public gossip_meeting {
 public:
  lockstep_meeting(neighbourhood around, std::vector<float> start)
      : gossip_meeting(std::move(around), std::move(start),
                       update_kind::mixing) {}

 protected:
  bool meet(local_end& own, const step_context& /*now*/) override {
    if (!told_) {
      send(std::make_shared<std::vector<float>>(s_), 0.0);
      told_ = true;
    }
    if (!has_all()) {
      return false;
    }
    const auto updates = inbox_->take_round(round_, around_.in);
    std::vector<kernels::weighed> others;
    for (const update& news : updates) {
      for (const neighbour& n : around_.out) {
        if (n.replica == news.from) {
          others.push_back({static_cast<float>(n.weight), news.values->data()});
        }
      }
    }
    kernels::mix_neighbours(own.parameters(), s_.data(),
                            static_cast<float>(around_.own_weight), others,
                            own.size());
    told_ = false;
    return true;
  }
  bool may_go_on() const override { return has_all(); }

 private:
  bool told_ = false;
};

class push_sum_meeting : public gossip_meeting {
 public:
  push_sum_meeting(neighbourhood around, std::vector<float> start,
                   bool lockstep)
      : gossip_meeting(
            std::move(around), std::move(start),
            lockstep ? update_kind::round_shares : update_kind::shares),
        x_(s_),
        least_weight_(lockstep ? 0.0 : 0.5 * share()),
        lockstep_(lockstep) {}

  void add_unread(const local_end& own, std::span<float> w) const override {
    std::vector<float> x = x_;
    double weight = weight_;
    if (!told_) {
      kernels::push_sum_split(x.data(), w.data(), s_.data(), mass(), 1.0F,
                              x.size());
    }
    for (const update& news : unread(own)) {
      kernels::push_sum_gather(x.data(), news.values->data(), x.size());
      weight += news.weight;
    }
    std::vector<float> s(x.size());
    kernels::push_sum_read(w.data(), s.data(), x.data(), weight, x.size());
  }

  void keep(state_archive& all) override {
    gossip_meeting::keep(all);
    all(x_, weight_, heard_);
  }

 protected:
  bool meet(local_end& own, const step_context& /*now*/) override {
    if (!told_) {
      tell(own);
    }
    if (lockstep_ && !has_all()) {
      return false;
    }
    const auto updates =
        lockstep_ ? inbox_->take_round(round_, around_.in) : inbox_->take_all();
    heard_ = heard_ || !updates.empty();
    for (const update& news : updates) {
      kernels::push_sum_gather(x_.data(), news.values->data(), own.size());
      weight_ += news.weight;
    }
    kernels::push_sum_read(own.parameters(), s_.data(), x_.data(), weight_,
                           own.size());
    told_ = false;
    return true;
  }
  bool may_go_on() const override { return !lockstep_ || has_all(); }

 private:
  double share() const noexcept {
    return 1.0 / static_cast<double>(around_.out.size() + 1);
  }
  float mass() const noexcept {
    return lockstep_ ? 1.0F : static_cast<float>(weight_);
  }

  /// By its own clock, who has heard of nobody since he gave last, or would be
  /// left with next to nothing, keeps what he has: the weights of some would
  /// go to 0 while that of a slow one waits in his inbox.
  void tell(local_end& own) {
    const bool gives =
        lockstep_ || (heard_ && weight_ * share() >= least_weight_);
    const double kept = gives ? share() : 1.0;
    kernels::push_sum_split(x_.data(), own.parameters(), s_.data(), mass(),
                            static_cast<float>(kept), own.size());
    weight_ *= kept;
    heard_ = heard_ && !gives;
    if (gives) {
      send(std::make_shared<std::vector<float>>(x_), weight_);
    }
    told_ = true;
  }

  std::vector<float> x_;
  double weight_ = 1.0;
  double least_weight_;
  bool lockstep_;
  bool told_ = false;
  bool heard_ = true;  // since it gave last
};

}  // namespace

std::shared_ptr<outbox> outbox_in_memory(std::shared_ptr<inbox> to,
                                         std::shared_ptr<link_meter> meter) {
  return std::make_shared<outbox_to_inbox>(std::move(to), std::move(meter));
}

std::unique_ptr<meeting> broadcast_updates(neighbourhood around,
                                           std::vector<float> start,
                                           std::size_t parameters) {
  return std::make_unique<broadcast_meeting>(std::move(around),
                                             std::move(start), parameters);
}

std::unique_ptr<meeting> average_in_lockstep(neighbourhood around,
                                             std::vector<float> start) {
  return std::make_unique<lockstep_meeting>(std::move(around),
                                            std::move(start));
}

std::unique_ptr<meeting> push_shares(neighbourhood around,
                                     std::vector<float> start, bool lockstep) {
  return std::make_unique<push_sum_meeting>(std::move(around), std::move(start),
                                            lockstep);
}

}  // namespace sounder::actors

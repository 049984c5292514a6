#include "actors/sync/gossip_meeting.hpp"

#include <utility>

#include "kernels/exchange/gossip.hpp"

namespace sounder::actors {

namespace {

using values_ptr = std::shared_ptr<std::vector<float>>;

class mailbox_in_process : public mailbox_of {
 public:
  mailbox_in_process(std::shared_ptr<inbox> box,
                     std::shared_ptr<link_meter> meter)
      : box_(std::move(box)), meter_(std::move(meter)) {}
  void put(letter mail) override {
    count(mail);
    box_->put(std::move(mail));
  }
  void put_sum(letter mail) override {
    count(mail);
    box_->put_sum(std::move(mail));
  }

 private:
  void count(const letter& mail) {
    meter_->bytes.fetch_add(mail.values->size() * sizeof(float));
  }
  std::shared_ptr<inbox> box_;
  std::shared_ptr<link_meter> meter_;
};

class gossip_meeting : public meeting {
 public:
  gossip_meeting(neighbourhood around, std::vector<float> start, box kind)
      : around_(std::move(around)), s_(std::move(start)), kind_(kind) {
    for (const neighbour& n : around_.out) {
      meters_.push_back(n.meter);
    }
  }

  bool attend(local_end& own, const step_context& now) override {
    mail_ = own.mail(kind_).get();
    if (!came_) {
      since_ = clock::now();
      came_ = true;
    }
    if (!own.try_hold()) {
      return false;
    }
    own.open_all();
    const bool met = meet(own, now);
    if (met) {
      own.assign(own.parameters());
      ++round_;
      came_ = false;
    }
    own.let_go();
    return met;
  }

  void wait() override {
    if (mail_ != nullptr) {
      static_cast<void>(mail_->changed.wait([this] { return may_go_on(); }));
    }
  }

  std::string waits_for() const override {
    return around_.name + " waits for the letters of its neighbours";
  }

 protected:
  virtual bool meet(local_end& own, const step_context& now) = 0;
  virtual bool may_go_on() const { return true; }
  bool has_all_mail() const { return mail_->has_round(round_, around_.in); }

  void send(const values_ptr& values, double weight, bool adds_up) {
    for (const neighbour& n : around_.out) {
      letter mail{around_.replica, round_, weight, values};
      n.meter->latency_ns.add(
          static_cast<std::uint64_t>((clock::now() - since_).count()));
      adds_up ? n.mail->put_sum(std::move(mail)) : n.mail->put(std::move(mail));
    }
  }

  neighbourhood around_;
  std::vector<float> s_;
  std::uint64_t round_ = 0;
  inbox* mail_ = nullptr;

 private:
  const box kind_;
  using clock = std::chrono::steady_clock;
  clock::time_point since_;
  bool came_ = false;
};

class broadcast_meeting : public gossip_meeting {
 public:
  broadcast_meeting(neighbourhood around, std::vector<float> start,
                    std::size_t parameters)
      : gossip_meeting(std::move(around), std::move(start), box::updates),
        parameters_(parameters),
        share_(1.0F / static_cast<float>(around_.in + 1)) {}

 protected:
  bool meet(local_end& own, const step_context& /*now*/) override {
    auto delta = std::make_shared<std::vector<float>>(own.size());
    float* const w = own.parameters();
    kernels::take_delta(delta->data(), w, s_.data(), parameters_);
    kernels::take_share(delta->data() + parameters_, w + parameters_,
                        s_.data() + parameters_, share_,
                        own.size() - parameters_);
    send(delta, 0.0, true);
    for (const letter& mail : mail_->take_all()) {
      kernels::apply_delta(w, s_.data(), mail.values->data(), own.size());
    }
    return true;
  }

 private:
  std::size_t parameters_;
  float share_;
};

/// Tells s as soon as it is known, so that it travels while others step.
class lockstep_meeting : public gossip_meeting {
 public:
  lockstep_meeting(neighbourhood around, std::vector<float> start)
      : gossip_meeting(std::move(around), std::move(start), box::mixing) {}

 protected:
  bool meet(local_end& own, const step_context& /*now*/) override {
    if (!told_) {
      send(std::make_shared<std::vector<float>>(s_), 0.0, false);
      told_ = true;
    }
    if (!has_all_mail()) {
      return false;
    }
    const auto letters = mail_->take_round(round_, around_.in);
    std::vector<kernels::weighed> others;
    for (const letter& mail : letters) {
      for (const neighbour& n : around_.out) {
        if (n.replica == mail.from) {
          others.push_back({static_cast<float>(n.weight), mail.values->data()});
        }
      }
    }
    kernels::mix_neighbours(own.parameters(), s_.data(),
                            static_cast<float>(around_.own_weight), others,
                            own.size());
    told_ = false;
    return true;
  }
  bool may_go_on() const override { return has_all_mail(); }

 private:
  bool told_ = false;
};

class push_sum_meeting : public gossip_meeting {
 public:
  push_sum_meeting(neighbourhood around, std::vector<float> start,
                   bool lockstep)
      : gossip_meeting(std::move(around), std::move(start),
                       lockstep ? box::round_shares : box::shares),
        x_(s_),
        lockstep_(lockstep) {}

 protected:
  bool meet(local_end& own, const step_context& /*now*/) override {
    if (!told_) {
      tell(own);
    }
    if (lockstep_ && !has_all_mail()) {
      return false;
    }
    const auto letters =
        lockstep_ ? mail_->take_round(round_, around_.in) : mail_->take_all();
    heard_ = heard_ || !letters.empty();
    for (const letter& mail : letters) {
      kernels::push_sum_gather(x_.data(), mail.values->data(), own.size());
      weight_ += mail.weight;
    }
    kernels::push_sum_read(own.parameters(), s_.data(), x_.data(), weight_,
                           own.size());
    told_ = false;
    return true;
  }
  bool may_go_on() const override { return !lockstep_ || has_all_mail(); }

 private:
  /// Who has heard of nobody since he gave last keeps what he has: with ever
  /// less weight his own steps would move him ever further.
  void tell(local_end& own) {
    const bool gives = lockstep_ || std::exchange(heard_, false);
    const double share =
        gives ? 1.0 / static_cast<double>(around_.out.size() + 1) : 1.0;
    kernels::push_sum_split(x_.data(), own.parameters(), s_.data(),
                            static_cast<float>(share), own.size());
    weight_ *= share;
    if (gives) {
      send(std::make_shared<std::vector<float>>(x_), weight_, !lockstep_);
    }
    told_ = true;
  }

  std::vector<float> x_;
  double weight_ = 1.0;
  bool lockstep_;
  bool told_ = false;
  bool heard_ = true;  // since it gave last
};

}  // namespace

std::shared_ptr<mailbox_of> mailbox_in_memory(
    std::shared_ptr<inbox> box, std::shared_ptr<link_meter> meter) {
  return std::make_shared<mailbox_in_process>(std::move(box), std::move(meter));
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

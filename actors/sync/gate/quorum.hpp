#pragma once

// Together with who has come: a round is served once `least` ranks wait and the
// grace since the least-th came is over, or as soon as nobody else can come.
// Who comes later waits for the next round, of which it is one.
//
//   off --come--> waits --begin_round--> is served --round_served--> off
//
// All ranks come equally often before they rest. So a rank that rests and has
// come as often as those who wait does not come any more, and they do not wait
// for it: who is behind ends its rounds with whoever is left.

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <vector>

#include "actors/sync/gate/gate.hpp"

namespace sounder::actors {

class quorum_gate : public gate {
 public:
  quorum_gate(gate_ranks ranks, std::size_t least,
              std::chrono::milliseconds grace)
      : ranks_(std::move(ranks)),
        least_(least),
        grace_(grace),
        members_(ranks_.empty() ? 0 : ranks_.back() + 1) {}

  bool admits(std::size_t rank, errand /*what*/) const override {
    return members_[rank].is == place::off;
  }
  void served(std::size_t /*rank*/, errand /*what*/) override {}

  void come(std::size_t rank, moment now) override {
    member& who = members_[rank];
    who.is = place::waits;
    who.rests = false;
    ++who.meetings;
    if (++waiting_ == least_) {
      enough_since_ = now;
    }
  }

  bool is_round_due(moment now) const override {
    if (is_serving_ || waiting_ == 0) {
      return false;
    }
    const bool enough = waiting_ >= least_ && now - enough_since_ >= grace_;
    return enough || !may_others_come();
  }

  gate_ranks begin_round() override {
    gate_ranks round;
    for (const std::size_t rank : ranks_) {
      if (members_[rank].is == place::waits) {
        members_[rank].is = place::is_served;
        round.push_back(rank);
      }
    }
    waiting_ = 0;
    is_serving_ = true;
    return round;
  }

  void round_served() override {
    for (member& each : members_) {
      each.is = each.is == place::is_served ? place::off : each.is;
    }
    is_serving_ = false;
  }

  std::optional<moment> round_due() const override {
    return !is_serving_ && waiting_ >= least_
               ? std::optional(enough_since_ + grace_)
               : std::nullopt;
  }

  void rests(std::size_t rank) override { members_[rank].rests = true; }

  void keep(state_archive& all) override {
    all.require_rest(waiting_ == 0 && !is_serving_);
    all(members_);
  }

 private:
  enum class place { off, waits, is_served };
  struct member {
    place is = place::off;
    bool rests = false;
    std::uint64_t meetings = 0;  // that it has come to

    void keep(state_archive& all) {
      all.require_rest(is == place::off);
      all(rests, meetings);
    }
  };

  bool may_others_come() const {
    std::uint64_t most = 0;  // meetings of those who wait
    for (const std::size_t rank : ranks_) {
      const member& who = members_[rank];
      most = who.is == place::waits ? std::max(most, who.meetings) : most;
    }
    return std::any_of(ranks_.begin(), ranks_.end(), [&](std::size_t rank) {
      const member& who = members_[rank];
      return who.is != place::waits && (!who.rests || who.meetings < most);
    });
  }

  gate_ranks ranks_;
  std::size_t least_;
  std::chrono::milliseconds grace_;
  std::vector<member> members_;  // by rank
  std::size_t waiting_ = 0;
  moment enough_since_;
  bool is_serving_ = false;
};

inline std::unique_ptr<gate> make_gate(const topology::quorum& q,
                                       const gate_ranks& ranks) {
  return std::make_unique<quorum_gate>(ranks,
                                       q.least.value_or(ranks.size() / 2 + 1),
                                       std::chrono::milliseconds(q.grace));
}

inline errand_list errands_of(const topology::quorum&, std::size_t) {
  return {errand::sync};
}

}  // namespace sounder::actors

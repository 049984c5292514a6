#pragma once

// One after the other, in the order of the links (EASGD, Zhang, Choromanska,
// LeCun 2015, round robin).

#include "actors/sync/gate/gate.hpp"

namespace sounder::actors {

/// The turn goes round by rank. All come equally often, for an epoch has as
/// many phases everywhere.
class in_turn_gate : public gate {
 public:
  explicit in_turn_gate(gate_ranks ranks) : ranks_(std::move(ranks)) {}

  bool admits(std::size_t rank, errand /*what*/) const override {
    return ranks_[turn_] == rank;
  }
  void served(std::size_t /*rank*/, errand /*what*/) override {
    turn_ = (turn_ + 1) % ranks_.size();
  }
  void keep(state_archive& all) override {
    all(turn_);
    all.require(turn_ < ranks_.size(), "a turn of nobody");
  }

 private:
  gate_ranks ranks_;
  std::size_t turn_ = 0;
};

inline std::unique_ptr<gate> make_gate(const topology::in_turn&,
                                       const gate_ranks& ranks) {
  return std::make_unique<in_turn_gate>(ranks);
}

inline errand_list errands_of(const topology::in_turn&, std::size_t) {
  return {errand::trade};
}

}  // namespace sounder::actors

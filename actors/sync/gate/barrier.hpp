#pragma once

// All together: nobody goes on before everybody has come (synchronous SGD).

#include <algorithm>
#include <cstddef>
#include <vector>

#include "actors/sync/gate/gate.hpp"

namespace sounder::actors {

class barrier_gate : public gate {
 public:
  explicit barrier_gate(const gate_ranks& ranks)
      : members_(ranks), waits_(ranks.empty() ? 0 : ranks.back() + 1, false) {}

  /// Whoever waits may go on when his round was served.
  bool admits(std::size_t rank, errand /*what*/) const override {
    return !waits_[rank];
  }
  void served(std::size_t /*rank*/, errand /*what*/) override {}

  void come(std::size_t rank, moment /*now*/) override {
    waits_[rank] = true;
    ++came_;
  }
  bool is_round_due(moment /*now*/) const override {
    return came_ == members_.size();
  }
  gate_ranks begin_round() override {
    came_ = 0;
    return members_;
  }
  void round_served() override { waits_.assign(waits_.size(), false); }

  void keep(state_archive& all) override {
    all.require_rest(std::find(waits_.begin(), waits_.end(), true) ==
                     waits_.end());
  }

 private:
  gate_ranks members_;
  std::size_t came_ = 0;
  std::vector<bool> waits_;  // by rank
};

inline std::unique_ptr<gate> make_gate(const topology::barrier&,
                                       const gate_ranks& ranks) {
  return std::make_unique<barrier_gate>(ranks);
}

inline errand_list errands_of(const topology::barrier&, std::size_t) {
  return {errand::sync};
}

}  // namespace sounder::actors

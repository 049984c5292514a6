#pragma once

// Nobody is more than `staleness` meetings ahead of the slowest (stale
// synchronous parallel, Ho et al. 2013). A staleness of 0 is a barrier.

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <vector>

#include "actors/sync/gate/barrier.hpp"
#include "actors/sync/gate/gate.hpp"

namespace sounder::actors {

/// Everybody may push; a pull waits while its rank is too far ahead, and a
/// trade while it would be.
class bounded_gate : public gate {
 public:
  bounded_gate(gate_ranks ranks, std::size_t staleness)
      : ranks_(std::move(ranks)),
        staleness_(staleness),
        clocks_(ranks_.empty() ? 0 : ranks_.back() + 1, 0) {}

  bool admits(std::size_t rank, errand what) const override {
    const std::uint64_t after = clocks_[rank] + (what == errand::trade ? 1 : 0);
    return what == errand::push || slowest() + staleness_ >= after;
  }
  void served(std::size_t rank, errand what) override {
    clocks_[rank] += what == errand::pull ? 0 : 1;
  }
  void keep(state_archive& all) override { all(clocks_); }

 private:
  std::uint64_t slowest() const {
    std::uint64_t least = clocks_[ranks_.front()];
    for (const std::size_t rank : ranks_) {
      least = std::min(least, clocks_[rank]);
    }
    return least;
  }

  gate_ranks ranks_;
  std::size_t staleness_;
  std::vector<std::uint64_t> clocks_;  // meetings, by rank
};

inline std::unique_ptr<gate> make_gate(const topology::bounded& bound,
                                       const gate_ranks& ranks) {
  if (bound.is_synchronous()) {
    return std::make_unique<barrier_gate>(ranks);
  }
  return std::make_unique<bounded_gate>(ranks, bound.staleness);
}

inline errand_list errands_of(const topology::bounded& bound, std::size_t) {
  return bound.is_synchronous() ? errand_list{errand::sync}
                                : errand_list{errand::push, errand::pull};
}

}  // namespace sounder::actors

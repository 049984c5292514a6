// All disciplines. Whoever adds one adds its header here.

#include "actors/sync/gate/barrier.hpp"
#include "actors/sync/gate/bounded.hpp"
#include "actors/sync/gate/gate.hpp"
#include "actors/sync/gate/in_turn.hpp"
#include "actors/sync/gate/open.hpp"
#include "actors/sync/gate/push_fetch.hpp"
#include "actors/sync/gate/quorum.hpp"

namespace sounder::actors {

std::unique_ptr<gate> gate_for(const topology::discipline& when,
                               const gate_ranks& ranks) {
  return std::visit([&](const auto& d) { return make_gate(d, ranks); }, when);
}

errand_list errands_for(const topology::discipline& when, std::size_t steps,
                        bool moves_both) {
  const errand_list due =
      std::visit([&](const auto& d) { return errands_of(d, steps); }, when);
  return moves_both ? due.as_trades() : due;
}

}  // namespace sounder::actors

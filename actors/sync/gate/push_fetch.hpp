#pragma once

// Push every n_push steps, fetch every n_fetch (Downpour SGD, Dean et al.
// 2012). The far end is always open.

#include "actors/sync/gate/gate.hpp"

namespace sounder::actors {

inline std::unique_ptr<gate> make_gate(const topology::push_fetch&,
                                       const gate_ranks&) {
  return nullptr;
}

inline errand_list errands_of(const topology::push_fetch& often,
                              std::size_t steps) {
  errand_list due;
  if (steps % often.push == 0) {
    due.add(errand::push);
  }
  if (steps % often.fetch == 0) {
    due.add(errand::pull);
  }
  return due;
}

}  // namespace sounder::actors

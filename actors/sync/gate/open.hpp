#pragma once

// Disciplines of which the far end is always open: each replica trades when its
// own time has come. Whose time it is, is decided at the near end: by its
// steps, by a token, by lot, or by its group.

#include "actors/sync/gate/gate.hpp"

namespace sounder::actors {

inline std::unique_ptr<gate> make_gate(const topology::every&,
                                       const gate_ranks&) {
  return nullptr;
}
inline errand_list errands_of(const topology::every&, std::size_t) {
  return {errand::trade};
}

inline std::unique_ptr<gate> make_gate(const topology::on_token&,
                                       const gate_ranks&) {
  return nullptr;
}
inline errand_list errands_of(const topology::on_token&, std::size_t) {
  return {errand::trade};
}

inline std::unique_ptr<gate> make_gate(const topology::random_neighbour&,
                                       const gate_ranks&) {
  return nullptr;
}
inline errand_list errands_of(const topology::random_neighbour&, std::size_t) {
  return {errand::trade};
}

inline std::unique_ptr<gate> make_gate(const topology::one_of_group&,
                                       const gate_ranks&) {
  return nullptr;
}
inline errand_list errands_of(const topology::one_of_group&, std::size_t) {
  return {errand::trade};
}

}  // namespace sounder::actors

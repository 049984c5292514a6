#pragma once

// Disciplines of which the far end is always open: each replica trades when its
// own time has come. Whose time it is, is decided at the near end: by its
// steps, by a token, by lot, or by its group.

#include <concepts>

#include "actors/sync/gate/gate.hpp"

namespace sounder::actors {

template <class Discipline>
concept always_open = std::same_as<Discipline, topology::every> ||
    std::same_as<Discipline, topology::on_token> ||
    std::same_as<Discipline, topology::random_neighbour> ||
    std::same_as<Discipline, topology::one_of_group>;

std::unique_ptr<gate> make_gate(const always_open auto&, const gate_ranks&) {
  return nullptr;
}

errand_list errands_of(const always_open auto&, std::size_t) {
  return {errand::trade};
}

}  // namespace sounder::actors

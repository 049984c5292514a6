#pragma once

// What sort of meeting a link asks for.

#include <variant>

#include "topology/graph.hpp"

namespace sounder::actors {

template <class T>
bool has_exchange(const topology::link& link) {
  return std::holds_alternative<T>(link.exchange);
}
template <class T>
const T* discipline_of(const topology::link& link) {
  return std::get_if<T>(&link.discipline);
}

inline bool is_gossip(const topology::link& link) {
  return has_exchange<topology::broadcast_delta>(link) ||
         has_exchange<topology::mix>(link) ||
         has_exchange<topology::push_sum>(link);
}
inline bool is_served(const topology::link& link) {
  return !is_gossip(link) && !has_exchange<topology::all_reduce>(link);
}
inline bool is_random(const topology::link& link) {
  return discipline_of<topology::random_neighbour>(link) != nullptr;
}

}  // namespace sounder::actors

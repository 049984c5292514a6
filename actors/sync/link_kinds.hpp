#pragma once

// What sort of meeting a link asks for.

#include <variant>

#include "actors/sync/target.hpp"
#include "topology/graph.hpp"

namespace sounder::actors {

using topology::discipline_of;
using topology::has_exchange;

inline bool is_gossip(const topology::link& link) {
  return traits_of(link.exchange).meets == topology::encounter::mail;
}
inline bool is_served(const topology::link& link) {
  return traits_of(link.exchange).meets == topology::encounter::served;
}
inline bool is_random(const topology::link& link) {
  return discipline_of<topology::random_neighbour>(link) != nullptr;
}

/// Where a gossip link's letters go.
inline box box_of(const topology::link& link) {
  return has_exchange<topology::broadcast_delta>(link) ? box::updates
         : has_exchange<topology::mix>(link)           ? box::mixing
         : discipline_of<topology::barrier>(link)      ? box::round_shares
                                                       : box::shares;
}

/// Letters that are added up are differences, the others parameters.
inline kernels::payload letters_of(const topology::link& link) {
  return adds_up(box_of(link)) ? kernels::payload::differences
                               : kernels::payload::parameters;
}

}  // namespace sounder::actors

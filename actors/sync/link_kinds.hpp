#pragma once

// What sort of meeting a link asks for.

#include <optional>
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

/// Where letters go, of exchanges by mail.
struct box_finder {
  bool in_lockstep;

  std::optional<box> operator()(const topology::broadcast_delta&) const {
    return box::updates;
  }
  std::optional<box> operator()(const topology::mix&) const {
    return box::mixing;
  }
  std::optional<box> operator()(const topology::push_sum&) const {
    return in_lockstep ? box::round_shares : box::shares;
  }
  template <class Kind>
  requires(Kind::traits.meets != topology::encounter::mail) std::optional<box>
  operator()(const Kind&) const { return std::nullopt; }
};

/// Of a gossip link.
inline box box_of(const topology::link& link) {
  return std::visit(box_finder{is_synchronous(link.discipline)}, link.exchange)
      .value();
}

/// Letters that are added up are differences, the others parameters.
inline kernels::payload letters_of(const topology::link& link) {
  return adds_up(box_of(link)) ? kernels::payload::differences
                               : kernels::payload::parameters;
}

}  // namespace sounder::actors

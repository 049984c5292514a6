#pragma once

// What sort of meeting a link asks for.

#include <optional>
#include <variant>

#include "actors/sync/inbox.hpp"
#include "kernels/exchange/exchange_rule.hpp"
#include "topology/graph.hpp"

namespace sounder::actors {

using topology::discipline_of;
using topology::has_exchange;

inline bool is_gossip(const topology::link& link) {
  return traits_of(link.exchange).meets == topology::encounter::gossip;
}
inline bool is_served(const topology::link& link) {
  return traits_of(link.exchange).meets == topology::encounter::served;
}
inline bool is_random(const topology::link& link) {
  return discipline_of<topology::random_neighbour>(link) != nullptr;
}

/// Whether its far end comes to the near one likewise, by a stream of its own.
inline bool comes_back(const topology::link& link) {
  return is_random(link) ||
         (is_gossip(link) &&
          traits_of(link.exchange).travels != topology::travels::forth);
}

/// Of gossip.
struct update_kind_finder {
  bool in_lockstep;

  std::optional<update_kind> operator()(
      const topology::broadcast_delta&) const {
    return update_kind::deltas;
  }
  std::optional<update_kind> operator()(const topology::mix&) const {
    return update_kind::mixing;
  }
  std::optional<update_kind> operator()(const topology::push_sum&) const {
    return in_lockstep ? update_kind::round_shares : update_kind::shares;
  }
  template <class Kind>
  requires(Kind::traits.meets !=
           topology::encounter::gossip) std::optional<update_kind>
  operator()(const Kind&) const { return std::nullopt; }
};

/// Of a gossip link.
inline update_kind updates_of(const topology::link& link) {
  return std::visit(update_kind_finder{is_synchronous(link.discipline)},
                    link.exchange)
      .value();
}

/// Updates that are added up are differences, the others parameters.
inline kernels::payload payload_of(const topology::link& link) {
  return adds_up(updates_of(link)) ? kernels::payload::differences
                                   : kernels::payload::parameters;
}

}  // namespace sounder::actors

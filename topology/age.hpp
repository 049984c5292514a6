#pragma once

// What a hub does with an update by its age: how many updates the hub has taken
// since the replica that brings it last read it.

#include <cstddef>
#include <variant>

#include "topology/traits.hpp"

namespace sounder::topology {

/// All count alike.
struct any_age : no_fields {
  static constexpr only_name traits = {"any"};
};

/// Those older than that are dropped; who brought one goes on from the hub's
/// parameters (Ringmaster ASGD, Maranjyan, Tyurin, Richtarik, ICML 2025).
struct drop {
  std::size_t older_than = 8;

  static constexpr only_name traits = {"drop"};
  template <class Self, class Visit>
  static void fields(Self& self, Visit& visit) {
    visit("older-than", self.older_than, range::any);
  }
};

/// Each counts 1 / (1 + age) (staleness-aware SGD, Zhang, Gupta, Lian, Liu,
/// IJCAI 2016).
struct scale : no_fields {
  static constexpr only_name traits = {"scale"};
};

using age = std::variant<any_age, drop, scale>;

}  // namespace sounder::topology

#pragma once

// What a link may say of itself, for people: made from what exchanges
// and disciplines say of themselves (traits.hpp).

#include <string>
#include <utility>
#include <vector>

#include "topology/graph.hpp"

namespace sounder::topology {

struct link_card {
  std::string name;
  std::string summary;
  /// By the names that files use, each with its default, or with the names
  /// that it may have, the usual one first; empty where the run chooses.
  std::vector<std::pair<std::string, std::string>> fields;
  /// An exchange's disciplines; of a discipline, the exchanges it can carry.
  std::vector<std::string> others;
};

/// In the order of the alternatives.
std::vector<link_card> exchange_cards();
std::vector<link_card> discipline_cards();

}  // namespace sounder::topology

#pragma once

// The parts of validate. Each adds its problems; those after links() expect
// links that join existing replicas.

#include <cstddef>
#include <string>
#include <vector>

#include "topology/graph.hpp"

namespace sounder::topology::checks {

using problems = std::vector<std::string>;

void replicas(const graph& wiring, problems& found);
void links(const graph& wiring, problems& found);
void connected(const graph& wiring, problems& found);
void numbers(const graph& wiring, problems& found);
void pairs(const graph& wiring, problems& found);
void tokens(const graph& wiring, problems& found);
void hubs(const graph& wiring, problems& found);
void groups(const graph& wiring, problems& found);
void waits(const graph& wiring, problems& found);

/// "'hub'"
std::string quoted(const graph& wiring, std::size_t number);
/// "link 2 ('replica-2' -> 'hub')"
std::string named(const graph& wiring, std::size_t link);
/// "'a', 'b', 'c' and 5 more"
std::string listed(const graph& wiring,
                   const std::vector<std::size_t>& numbers);

/// Whether any link begins or ends at the replica.
bool ends_at(const graph& wiring, std::size_t number) noexcept;

/// Sets of nodes that grow together.
class partition {
 public:
  explicit partition(std::size_t nodes);
  std::size_t root(std::size_t node);
  /// Whether they were apart.
  bool unite(std::size_t a, std::size_t b);

 private:
  std::vector<std::size_t> parent_;
};

/// The links that `belongs` picks, in sets that a path of such links connects.
template <class Predicate>
std::vector<std::vector<std::size_t>> components(const graph& wiring,
                                                 Predicate belongs) {
  partition parts(wiring.replicas.size());
  for (const link& l : wiring.links) {
    if (belongs(l)) {
      parts.unite(l.from, l.to);
    }
  }
  std::vector<std::vector<std::size_t>> sets(wiring.replicas.size());
  for (std::size_t i = 0; i < wiring.links.size(); ++i) {
    if (belongs(wiring.links[i])) {
      sets[parts.root(wiring.links[i].from)].push_back(i);
    }
  }
  std::erase_if(sets, [](const auto& set) { return set.empty(); });
  return sets;
}

/// The replicas that the links touch, in ascending order.
std::vector<std::size_t> touched(const graph& wiring,
                                 const std::vector<std::size_t>& links);

}  // namespace sounder::topology::checks

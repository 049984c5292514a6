#include "topology/compose.hpp"

namespace sounder::topology {

graph wire(std::vector<replica> replicas, const edges& pairs,
           const exchange& rule, const discipline& when) {
  graph wiring{std::move(replicas), {}};
  wiring.links.reserve(pairs.size());
  for (const edge& e : pairs) {
    wiring.links.push_back({e.from, e.to, rule, when});
  }
  return wiring;
}

}  // namespace sounder::topology

#include "topology/reproducible.hpp"

#include <cstddef>
#include <vector>

#include "topology/checks.hpp"

namespace sounder::topology {

namespace {

std::vector<std::size_t> links_to_each(const graph& wiring) {
  std::vector<std::size_t> counts(wiring.replicas.size(), 0);
  for (const link& l : wiring.links) {
    ++counts[l.to];
  }
  return counts;
}

/// Of the link, where so many end where it ends.
std::string timing_of(const graph& wiring, const link& l, std::size_t callers) {
  const bool ends_at_hub = wiring.replicas[l.to].is_hub();
  // Whoever steps has a clock of its own: gossip has two at the least.
  const std::size_t clocks = ends_at_hub ? callers : wiring.replicas.size();
  std::string why(timing(l.discipline, clocks));
  if (why.empty() && !ends_at_hub &&
      traits_of(l.exchange).meets == encounter::served) {
    why = checks::quoted(wiring, l.to) + " steps while it is met";
  }
  return why.empty() ? ""
         : ends_at_hub
             ? why + "; take in-turn or a barrier"
             : why + "; take mix or all-reduce at a barrier, or a hub";
}

}  // namespace

std::string why_not_reproducible(const graph& wiring) {
  for (std::size_t i = 0; i < wiring.replicas.size(); ++i) {
    const replica& r = wiring.replicas[i];
    if (r.workers > 1) {
      return "replica " + checks::quoted(wiring, i) + " has " +
             std::to_string(r.workers) +
             " workers, which read its vector while others write; take " +
             std::to_string(r.workers) + " replicas of one worker";
    }
  }
  const std::vector<std::size_t> callers = links_to_each(wiring);
  for (std::size_t i = 0; i < wiring.links.size(); ++i) {
    const link& l = wiring.links[i];
    const std::string why = timing_of(wiring, l, callers[l.to]);
    if (!why.empty()) {
      return checks::named(wiring, i) + " (" + std::string(name(l.discipline)) +
             "): " + why;
    }
  }
  return "";
}

}  // namespace sounder::topology

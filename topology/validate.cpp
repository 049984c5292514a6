#include <algorithm>
#include <set>

#include "topology/graph.hpp"

namespace sounder::topology {

namespace {

constexpr unsigned most_workers = 1024;

std::string name_of(const replica& r) { return "replica '" + r.name + "'"; }

/// A hub has no workers: links end there and none begins.
bool serves(const graph& wiring, std::size_t number) {
  const auto& links = wiring.links;
  return std::any_of(links.begin(), links.end(),
                     [&](const link& l) { return l.to == number; }) &&
         std::none_of(links.begin(), links.end(),
                      [&](const link& l) { return l.from == number; });
}

void check_replica(const replica& r, bool is_served_hub,
                   std::vector<std::string>& problems) {
  if (r.workers == 0 && !is_served_hub) {
    problems.push_back(name_of(r) + " has no worker");
  }
  if (r.workers > most_workers) {
    problems.push_back(name_of(r) + " has " + std::to_string(r.workers) +
                       " workers; at most " + std::to_string(most_workers) +
                       " are possible");
  }
  const auto* plain = std::get_if<lock_free>(&r.sharing);
  if (plain != nullptr && plain->head_every == 0U) {
    problems.push_back(name_of(r) +
                       " exchanges its private head every 0 samples; 1 is the "
                       "least");
  }
}

}  // namespace

std::vector<std::string> validate(const graph& wiring) {
  std::vector<std::string> problems;
  if (wiring.replicas.empty()) {
    problems.emplace_back("the graph has no replica");
  }
  std::set<std::string> seen;
  for (std::size_t i = 0; i < wiring.replicas.size(); ++i) {
    const replica& r = wiring.replicas[i];
    if (!seen.insert(r.name).second) {
      problems.push_back("two replicas are called '" + r.name + "'");
    }
    check_replica(r, r.is_hub() && serves(wiring, i), problems);
  }
  if (wiring.replicas.size() > 1 && wiring.links.empty()) {
    problems.emplace_back("the graph has " +
                          std::to_string(wiring.replicas.size()) +
                          " replicas and nothing that joins them");
  }
  return problems;
}

}  // namespace sounder::topology

#include "topology/graph.hpp"

#include <set>

namespace sounder::topology {

namespace {

constexpr unsigned most_workers = 1024;

graph one_replica(unsigned workers, sharing_rule sharing) {
  graph wiring;
  wiring.replicas.push_back({"replica", workers, sharing, {}});
  return wiring;
}

}  // namespace

graph serial() { return one_replica(1, lock_free{0, {}}); }

graph hogwild(unsigned workers, lock_free sharing) {
  return one_replica(workers, sharing);
}

graph locked(unsigned workers) { return one_replica(workers, write_lock{}); }

graph aig(unsigned workers) { return one_replica(workers, coordinate_lock{}); }

graph round_robin(unsigned workers) {
  return one_replica(workers, cyclic_turns{});
}

const std::vector<std::string>& names() {
  static const std::vector<std::string> all = {"serial", "hogwild", "locked",
                                               "aig", "round-robin"};
  return all;
}

std::optional<graph> by_name(std::string_view name, unsigned workers) {
  if (name == "serial") {
    return serial();
  }
  if (name == "hogwild") {
    return hogwild(workers);
  }
  if (name == "locked") {
    return locked(workers);
  }
  if (name == "aig") {
    return aig(workers);
  }
  if (name == "round-robin") {
    return round_robin(workers);
  }
  return std::nullopt;
}

std::vector<std::string> validate(const graph& wiring) {
  std::vector<std::string> problems;
  if (wiring.replicas.empty()) {
    problems.emplace_back("the graph has no replica");
  }
  std::set<std::string> seen;
  for (const replica& r : wiring.replicas) {
    if (!seen.insert(r.name).second) {
      problems.push_back("two replicas are called '" + r.name + "'");
    }
    if (r.workers == 0) {
      problems.push_back("replica '" + r.name + "' has no worker");
    }
    if (r.workers > most_workers) {
      problems.push_back("replica '" + r.name + "' has " +
                         std::to_string(r.workers) + " workers; at most " +
                         std::to_string(most_workers) + " are possible");
    }
    const auto* hogwild_rule = std::get_if<lock_free>(&r.sharing);
    if (hogwild_rule != nullptr && hogwild_rule->head_every == 0U) {
      problems.push_back("replica '" + r.name +
                         "' exchanges its private head every 0 samples; "
                         "1 is the least");
    }
  }
  if (wiring.replicas.size() > 1) {
    problems.emplace_back("the graph has " +
                          std::to_string(wiring.replicas.size()) +
                          " replicas and nothing that joins them");
  }
  return problems;
}

unsigned workers(const graph& wiring) noexcept {
  unsigned sum = 0;
  for (const replica& r : wiring.replicas) {
    sum += r.workers;
  }
  return sum;
}

}  // namespace sounder::topology

#include "topology/graph.hpp"

#include <algorithm>

namespace sounder::topology {

namespace {

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

std::string_view name(const sharing_rule& rule) noexcept {
  return kind_name(rule);
}

bool is_optimizer(std::string_view name) noexcept {
  return std::find(optimizers.begin(), optimizers.end(), name) !=
         optimizers.end();
}

unsigned workers(const graph& wiring) noexcept {
  unsigned sum = 0;
  for (const replica& r : wiring.replicas) {
    sum += r.workers;
  }
  return sum;
}

std::size_t stepping_replicas(const graph& wiring) noexcept {
  return static_cast<std::size_t>(
      std::count_if(wiring.replicas.begin(), wiring.replicas.end(),
                    [](const replica& r) { return !r.is_hub(); }));
}

bool has_nodes(const graph& wiring) noexcept {
  return std::any_of(wiring.replicas.begin(), wiring.replicas.end(),
                     [](const replica& r) { return !r.place.empty(); });
}

}  // namespace sounder::topology

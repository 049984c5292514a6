#include "actors/run/run_parts.hpp"

#include <algorithm>
#include <utility>

#include "actors/plan/run_policy.hpp"
#include "actors/replica/replica.hpp"

namespace sounder::actors {

void find_evaluators(run_ptr self) {
  run_state& state = self->state;
  if (!state.concurrent) {
    for (const stepping_replica& each : state.replicas) {
      if (each.is_here) {
        state.evaluators.push_back(each.actor);
      }
    }
  }
  const unsigned least = state.evaluators.empty() ? 1 : 0;
  const unsigned idle = idle_cores(*state.plan, state.concurrent);
  for (unsigned k = 0; k < std::max(idle, least); ++k) {
    state.evaluators.push_back(
        self->spawn<caf::linked + caf::detached>(evaluator));
  }
}

void start_replicas(run_ptr self, const deployed_graph& deployed) {
  run_state& state = self->state;
  for (std::size_t i = 0; i < deployed.here.replicas.size(); ++i) {
    const wired_replica& each = deployed.here.replicas[i];
    const auto number = static_cast<std::uint32_t>(i);
    if (each.is_here) {
      each.setup->stop = state.stop_source.get_token();
    }
    if (each.is_hub) {
      state.hubs.push_back(
          {number,
           each.is_here ? self->spawn<caf::linked>(hub, each, self->node())
                        : deployed.elsewhere.hubs.at(number),
           segment_held(*state.plan, i).first,
           state.plan->graph.replicas[i].place, each.is_here});
    } else {
      stepping_replica stepping;
      stepping.number = number;
      stepping.name = each.name;
      stepping.is_here = each.is_here;
      stepping.cut = each.is_here ? each.setup->cut : deployed.cuts.at(i);
      stepping.place = state.plan->graph.replicas[i].place;
      stepping.home = state.home_of(stepping.place);
      stepping.actor = each.is_here ? replica_actor(self->spawn<caf::linked>(
                                          replica, each, self->node()))
                                    : deployed.elsewhere.replicas.at(number);
      for (const member_node& node : state.nodes) {
        if (node.place == stepping.place) {
          stepping.has_common_samples = node.samples.what != holding::part;
          stepping.knows_all_common = node.samples.what == holding::whole;
        }
      }
      state.replicas.push_back(std::move(stepping));
    }
  }
  for (const wired_token& each : deployed.here.tokens) {
    state.tokens.push_back(self->spawn<caf::linked>(token, each));
  }
}

}  // namespace sounder::actors

#include "actors/node/graph_builder.hpp"

#include <algorithm>
#include <numeric>
#include <utility>

#include "actors/messages.hpp"
#include "actors/replica/start_line.hpp"
#include "actors/replica/training_job.hpp"
#include "actors/sync/link_kinds.hpp"
#include "kernels/step/with_optimizer.hpp"
#include "topology/weights.hpp"

namespace sounder::actors {

namespace {

namespace p = topology;

/// Whether a step on a sparse sample moves the parameters of its features
/// alone, or all others by one factor.
bool steps_sparsely(const training_plan& plan) {
  return kernels::with_optimizer(plan.objective, plan.optimizer)
      ->writes_sparsely();
}

}  // namespace

graph_builder::graph_builder(plan_ptr plan, const data_partition& partition,
                             std::vector<replica_setup> setups,
                             std::string place, std::optional<network> others)
    : shared_plan_(std::move(plan)),
      plan_(*shared_plan_),
      graph_(plan_.graph),
      times_(plan_meetings(plan_, partition)),
      mixing_degrees_(p::mixing_degrees(graph_)),
      moves_few_(partition.shape.is_sparse && steps_sparsely(plan_)),
      setups_(std::move(setups)),
      place_(std::move(place)),
      network_(std::move(others)),
      failure_(network_ && network_->failure
                   ? network_->failure
                   : std::make_shared<peer_failure>()) {}

bool graph_builder::is_here(std::size_t replica) const {
  return !network_ || graph_.replicas[replica].place == place_;
}

opened_ports graph_builder::open(std::span<const float> start) {
  make_replicas(start);
  make_endpoints();
  join_groups();
  if (network_) {
    find_wires();
    open_wires();
  }
  return known_;
}

void graph_builder::make_replicas(std::span<const float> start) {
  for (std::size_t i = 0; i < graph_.replicas.size(); ++i) {
    wired_replica replica;
    replica.name = graph_.replicas[i].name;
    replica.is_hub = graph_.replicas[i].is_hub();
    replica.is_here = is_here(i);
    if (replica.is_here) {
      replica.setup = std::make_shared<replica_setup>(std::move(setups_[i]));
      if (!replica.is_hub) {
        replica.setup->make_objectives();
      }
      replica.state = std::make_shared<replica_state>(*replica.setup);
      const kernels::segment holds = replica.setup->holds;
      std::copy_n(start.data() + holds.first, holds.last - holds.first,
                  replica.state->vector.data());
    }
    wired_.replicas.push_back(std::move(replica));
  }
}

void graph_builder::make_endpoints() {
  const std::size_t count = graph_.replicas.size();
  std::vector<std::size_t> arrivals(count, 0);
  std::vector<bool> is_met(count, false);
  std::vector<const p::discipline*> disciplines(count, nullptr);
  for (const p::link& link : graph_.links) {
    ranks_.push_back(arrivals[link.to]);
    if (is_served(link)) {
      ++arrivals[link.to];
      disciplines[link.to] = &link.discipline;
    }
    is_met[link.to] = is_met[link.to] || is_served(link);
    // Either end of a pair may come to the other.
    is_met[link.from] = is_met[link.from] || is_random(link);
  }
  unsigned workers = 0;
  for (std::size_t i = 0; i < count; ++i) {
    workers += is_here(i) ? graph_.replicas[i].workers : 0;
  }
  const auto line = std::make_shared<start_line>(std::max(workers, 1U));
  const auto together = std::make_shared<lag_limiter>(count);
  const bool shares = may_share_ways(plan_);
  const auto ways = shares && !network_ && has_a_processor_each(workers)
                        ? std::make_shared<shared_walk>(count)
                        : nullptr;
  const auto known = shares && network_ ? find_known_ways() : nullptr;
  // Where one link waits, all that end there have its discipline.
  const auto gate_of = [&](std::size_t i) -> std::unique_ptr<gate> {
    gate_ranks all(arrivals[i]);
    std::iota(all.begin(), all.end(), std::size_t{0});
    return all.empty() ? nullptr : gate_for(*disciplines[i], all);
  };
  for (std::size_t i = 0; i < count; ++i) {
    wired_replica& replica = wired_.replicas[i];
    if (!replica.is_here) {
      continue;
    }
    replica_state& state = *replica.state;
    const std::span<float> all(state.vector.data(), state.vector.size());
    if (replica.is_hub) {
      state.met = std::make_shared<target>(
          all, arrivals[i], segment_held(plan_, i).first, gate_of(i));
      state.met->has_clock = !plan_.deterministic;
      continue;
    }
    state.own.emplace(all, is_met[i], arrivals[i], gate_of(i));
    state.met = state.own->published();
    state.line = line;
    state.together = together;
    state.ways = ways;
    state.known = known;
    if (ways) {
      ways->join(i, 0);
    }
    state.failure = failure_;
    together->walk(i, 0);
  }
}

/// Those of other places only where their samples are here, too.
std::shared_ptr<const known_ways> graph_builder::find_known_ways() const {
  auto known = std::make_shared<known_ways>(wired_.replicas.size());
  for (std::size_t i = 0; i < known->size(); ++i) {
    const wired_replica& replica = wired_.replicas[i];
    if (replica.is_hub) {
      continue;
    }
    if (replica.is_here) {
      (*known)[i] = way{replica.setup, replica.state->order, nullptr};
    } else if (!setups_[i].data.empty()) {
      const auto setup = std::make_shared<replica_setup>(setups_[i]);
      setup->make_objectives();
      (*known)[i] = way{setup, order_of(*setup), nullptr};
    }
  }
  return known;
}

void graph_builder::find_rings() {
  for (std::size_t l = 0; l < graph_.links.size(); ++l) {
    const std::size_t start = graph_.links[l].from;
    if (discipline_of<p::on_token>(graph_.links[l]) == nullptr ||
        ring_of_.contains(start)) {
      continue;
    }
    const std::vector<std::size_t> members = token_cycle(graph_, start);
    wired_token token;
    token.ring = ring_among(members);
    bool comes_here = false;
    for (std::size_t k = 0; k < members.size(); ++k) {
      ring_of_[members[k]] = {token.ring, k};
      token.members.push_back(graph_.replicas[members[k]].name);
      comes_here = comes_here || is_here(members[k]);
    }
    if (comes_here) {
      wired_.tokens.push_back(std::move(token));
    }
  }
}

void graph_builder::join_groups() {
  reductions_ = find_reduce_groups(graph_);
  for (std::size_t g = 0; g < reductions_.size(); ++g) {
    const reduce_members& found = reductions_[g];
    std::shared_ptr<group_memory> shared;
    if (std::all_of(found.replicas.begin(), found.replicas.end(),
                    [&](std::size_t i) { return is_here(i); })) {
      shared = std::make_shared<group_memory>(
          found.groups, found.replicas.size(), plan_.objective->dimension());
    }
    for (std::size_t rank = 0; rank < found.replicas.size(); ++rank) {
      groups_[found.replicas[rank]] = {g, rank, shared, nullptr};
    }
  }
}

wired_graph graph_builder::connect(const opened_ports& others) {
  known_ = others;
  if (network_) {
    connect_wires();
    make_couriers();
    for (std::size_t l = 0; l < graph_.links.size(); ++l) {
      open_far_end(l, false);
      if (comes_back(graph_.links[l])) {
        open_far_end(l, true);
      }
    }
  }
  find_rings();
  for (std::size_t i = 0; i < wired_.replicas.size(); ++i) {
    if (is_here(i) && !wired_.replicas[i].is_hub) {
      add_meetings(i);
    }
  }
  start_couriers();
  return std::move(wired_);
}

std::vector<float> start_parameters(const training_plan& plan) {
  std::vector<float> start = plan.start;
  if (start.empty()) {
    start.resize(plan.objective->dimension());
    plan.objective->initialise(start, plan.seed);
  }
  return start;
}

wired_graph wire(const plan_ptr& plan, const kernels::dataset& data) {
  const data_partition partition =
      partition_data(plan->graph, data_shape::of(data));
  std::vector<replica_setup> setups = set_up_all(plan, partition);
  for (replica_setup& setup : setups) {
    setup.data = data;
  }
  graph_builder work(plan, partition, std::move(setups), {});
  static_cast<void>(work.open(start_parameters(*plan)));
  return work.connect({});
}

}  // namespace sounder::actors

#pragma once

// Wirings of this process that are walked to a rest, and their states as bytes.

#include <algorithm>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include <catch2/catch.hpp>

#include "actors/node/graph_builder.hpp"
#include "actors/replica/replica_state.hpp"
#include "actors/replica/training_job.hpp"
#include "tests/support/training.hpp"
#include "topology/systems.hpp"

namespace sounder::tests {

using bytes = std::vector<std::byte>;

inline constexpr std::size_t rows = 96;
inline constexpr unsigned epochs = 2;  // before the break, and after it

inline const kernels::dataset sparse = random_problem(
    kernels::linear_model::logistic, kernels::layout::sparse, rows, 30, 5);

inline actors::wired_graph wired(const actors::training_plan& plan,
                                 const kernels::dataset& data) {
  return actors::wire(std::make_shared<const actors::training_plan>(plan),
                      data);
}

/// Every replica on to an epoch's end, a piece of each worker's work in turn,
/// or of one drawn at random.
inline void walk(const actors::wired_graph& all, unsigned to,
                 kernels::random_stream* random) {
  struct walker {
    std::shared_ptr<actors::training_job> job;
    actors::worker_slot slot;
    bool walks = true;
  };
  std::vector<walker> walkers;
  for (const actors::wired_replica& r : all.replicas) {
    if (r.is_hub) {
      continue;
    }
    const auto job = std::make_shared<actors::training_job>(
        r.setup, r.state, r.setup->cut.chunks().before(to));
    for (unsigned w = 0; w < r.setup->workers; ++w) {
      walkers.push_back({job, {}, true});
      walkers.back().slot.index = w;
    }
  }
  std::size_t left = walkers.size();
  for (std::size_t tries = 0; left > 0; ++tries) {
    REQUIRE(tries < 2'000'000);  // a deadlock otherwise
    const auto count = static_cast<std::uint32_t>(walkers.size());
    walker& next = walkers[random != nullptr ? random->below(count)
                                             : tries % walkers.size()];
    if (next.walks && !next.job->work(next.slot)) {
      next.walks = false;
      --left;
    }
  }
}

inline bytes state_of(const actors::wired_replica& r) {
  return actors::write_state(*r.setup, *r.state);
}

inline std::vector<bytes> states_of(const actors::wired_graph& all) {
  std::vector<bytes> states;
  std::transform(all.replicas.begin(), all.replicas.end(),
                 std::back_inserter(states), state_of);
  return states;
}

inline void restore(const actors::wired_graph& all,
                    const std::vector<bytes>& states) {
  REQUIRE(states.size() == all.replicas.size());
  for (std::size_t i = 0; i < states.size(); ++i) {
    actors::read_state(states[i], *all.replicas[i].setup,
                       *all.replicas[i].state);
  }
}

inline topology::graph system(const std::string& name,
                              topology::wiring_options options = {}) {
  options.tau = options.tau.value_or(3);
  return *topology::by_name(name, options);
}

/// Every system by its name, and what has yet another state.
inline std::vector<std::pair<std::string, topology::graph>> systems(
    unsigned workers) {
  std::vector<std::pair<std::string, topology::graph>> all;
  for (const std::string& name : topology::names()) {
    all.emplace_back(name, system(name, {.replicas = 4, .workers = workers}));
  }
  all.emplace_back(
      "sync with two hubs",
      system("sync", {.replicas = 2, .workers = workers, .hubs = 2}));
  all.emplace_back("one of a group pushes",
                   system("ea-wild", {.replicas = 4,
                                      .workers = workers,
                                      .group = 2,
                                      .random_pusher = true}));
  all.emplace_back("downpour by twos and threes",
                   system("downpour", {.replicas = 4,
                                       .workers = workers,
                                       .tau = 1,
                                       .push = 2,
                                       .fetch = 3}));
  topology::graph aged = system("star", {.replicas = 4, .workers = workers});
  for (topology::link& each : aged.links) {
    each.exchange = topology::add_delta{topology::scale{}};
  }
  all.emplace_back("updates by their age", aged);
  topology::graph quorum = system("sync", {.replicas = 4, .workers = workers});
  for (topology::link& each : quorum.links) {
    each.discipline = topology::quorum{3, 2, 0};
  }
  all.emplace_back("quorum", quorum);
  return all;
}

inline actors::training_plan logistic(const topology::graph& wiring) {
  auto plan =
      plan_of(kernels::make_linear(kernels::linear_model::logistic, sparse, 1,
                                   {kernels::penalty_form::l2, 0.01}),
              wiring, 2 * epochs);
  plan.schedule = kernels::polynomial_step(0.2, 2 * epochs, 1.0);
  return plan;
}

}  // namespace sounder::tests

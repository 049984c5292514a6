// Every system, local: on a problem with a known minimiser each gets there.

#include <cmath>
#include <memory>
#include <string>
#include <vector>

#include <catch2/catch.hpp>

#include "actors/run/train.hpp"
#include "kernels/model/linear.hpp"
#include "tests/support/known_minimiser.hpp"
#include "topology/compose.hpp"
#include "topology/shapes.hpp"
#include "topology/systems.hpp"
#include "topology/validate.hpp"

namespace a = sounder::actors;
namespace k = sounder::kernels;
namespace p = sounder::topology;
namespace t = sounder::tests;

namespace {

constexpr unsigned epochs = 40;

a::training_plan plan_for(const std::string& system, unsigned replicas,
                          const t::known_minimiser& problem) {
  p::wiring_options options;
  options.replicas = replicas;
  options.tau = 4;
  options.group = 2;
  options.outer_rate = 1.0;
  options.outer_momentum = 0.0;
  a::training_plan plan;
  plan.graph = *p::by_name(system, options);
  plan.objective = problem.objective();
  // Small enough for the sum of all replicas' moves, a tenth of that with
  // momentum at the hub, which moves ten times as far.
  const double one = system == "async-msgd" ? 0.01 : 0.1;
  plan.schedule = k::constant_step(one / replicas);
  plan.epochs = epochs;
  plan.stall_deadline = std::chrono::seconds(20);
  return plan;
}

}  // namespace

TEST_CASE("wirings: every system finds the known minimiser") {
  const t::known_minimiser problem(192, 6, 7);
  for (const std::string& system : p::names()) {
    for (const unsigned replicas : {1U, 2U, 3U, 4U, 8U}) {
      for (const bool deterministic : {true, false}) {
        DYNAMIC_SECTION(system << " with " << replicas << " replicas"
                               << (deterministic ? ", deterministic" : "")) {
          a::training_plan plan = plan_for(system, replicas, problem);
          plan.deterministic = deterministic;

          const a::run_report report = a::train(plan, problem.data());

          REQUIRE(report.message.empty());
          REQUIRE(report.stop_reason == a::stop_reason::epochs_done);
          REQUIRE(report.samples == std::uint64_t{epochs} * 192);
          REQUIRE(problem.distance(report.parameters) < 1e-3);
        }
      }
    }
  }
}

namespace {

std::vector<p::replica> named(std::size_t n) {
  std::vector<p::replica> replicas(n);
  for (std::size_t i = 0; i < n; ++i) {
    replicas[i].name = "replica-" + std::to_string(i + 1);
  }
  return replicas;
}

/// Two all-reduces of two, joined by two bridges.
p::graph bridged_pairs() {
  const p::graph pair = *p::by_name("allreduce", {.replicas = 2, .tau = 4});
  return p::bridge(
      p::bridge(p::join(pair, pair), 0, 2, p::elastic{0.3}, p::every{4}), 3, 1,
      p::elastic{0.3}, p::every{4});
}

p::graph pair_beside_an_all_reduce() {
  p::graph g = p::wire(named(2), {{0, 1}}, p::all_reduce{}, p::barrier{4});
  g.links.push_back({1, 0, p::pair_average{}, p::every{4}});
  return g;
}

p::graph pair_beside_a_hub(p::exchange exchange, p::discipline discipline) {
  std::vector<p::replica> replicas = named(3);
  replicas[0].workers = 0;
  p::graph g =
      p::wire(std::move(replicas), {{1, 0}, {2, 0}}, exchange, discipline);
  g.links.push_back({1, 2, p::pair_average{}, p::every{4}});
  return g;
}

p::graph push_sum_unasked(std::size_t n) {
  return p::wire(named(n), p::shapes::directed_ring(n), p::push_sum{},
                 p::every{4});
}

}  // namespace

TEST_CASE("wirings: nobody is waited for by whom he waits for") {
  const t::known_minimiser problem(192, 6, 7);
  const std::vector<std::pair<std::string, p::graph>> wirings = {
      {"all-reduces and bridges", bridged_pairs()},
      {"all-reduce and a pair", pair_beside_an_all_reduce()},
      {"a hub's barrier and a pair",
       pair_beside_a_hub(p::gradient{}, p::barrier{4})},
      {"a bound of 0 and a pair",
       pair_beside_a_hub(p::add_delta{}, p::bounded{4, 0})},
      {"push-sum without waiting, of 2", push_sum_unasked(2)},
      {"push-sum without waiting, of 4", push_sum_unasked(4)}};
  for (const auto& [name, graph] : wirings) {
    for (const bool deterministic : {true, false}) {
      DYNAMIC_SECTION(name << (deterministic ? ", deterministic" : "")) {
        REQUIRE(p::validate(graph) == std::vector<std::string>{});
        a::training_plan plan = plan_for("star", 4, problem);
        plan.graph = graph;
        plan.deterministic = deterministic;

        const a::run_report report = a::train(plan, problem.data());

        REQUIRE(report.message.empty());
        REQUIRE(report.stop_reason == a::stop_reason::epochs_done);
        REQUIRE(problem.distance(report.parameters) < 1e-3);
      }
    }
  }
}

TEST_CASE("wirings: the same seed gives the same bits") {
  const t::known_minimiser problem(320, 6, 3);
  for (const std::string& system : p::names()) {
    DYNAMIC_SECTION(system) {
      a::training_plan plan = plan_for(system, 3, problem);
      plan.deterministic = true;
      plan.epochs = 3;

      REQUIRE(a::train(plan, problem.data()).parameters ==
              a::train(plan, problem.data()).parameters);
    }
  }
}

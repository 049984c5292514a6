// Every system, local: on a problem with a known minimiser each gets there.

#include <cmath>
#include <memory>
#include <string>
#include <vector>

#include <catch2/catch.hpp>

#include "actors/train.hpp"
#include "kernels/model/linear.hpp"
#include "tests/support/known_minimiser.hpp"
#include "topology/systems.hpp"

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
  plan.step_size = k::constant_step(one / replicas);
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

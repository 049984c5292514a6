// Systems that are one and the same by their formulas come to the same
// parameters.

#include <cmath>
#include <string>
#include <vector>

#include <catch2/catch.hpp>

#include "actors/run/train.hpp"
#include "kernels/model/linear.hpp"
#include "tests/support/known_minimiser.hpp"
#include "topology/compose.hpp"
#include "topology/systems.hpp"

namespace a = sounder::actors;
namespace k = sounder::kernels;
namespace p = sounder::topology;
namespace t = sounder::tests;

namespace {

constexpr std::size_t rows = 96;
const t::known_minimiser problem(rows, 6, 11);

/// A hub and replicas, each with a link to it.
p::graph star(std::size_t replicas, const p::exchange& rule,
              const p::discipline& when) {
  p::graph made;
  made.replicas.push_back({"hub", 0, p::lock_free{}, {}});
  for (std::size_t i = 1; i <= replicas; ++i) {
    made.replicas.push_back({"r" + std::to_string(i), 1, p::lock_free{}, {}});
    made.links.push_back({i, 0, rule, when});
  }
  return made;
}

std::vector<float> trained(const p::graph& wiring, std::size_t batch,
                           double step, bool deterministic = false) {
  a::training_plan plan;
  plan.graph = wiring;
  plan.objective = problem.objective();
  plan.schedule = k::constant_step(step);
  plan.order.kind = k::order_kind::sequential;
  plan.batch_size = batch;
  plan.deterministic = deterministic;
  plan.epochs = 7;
  return a::train(plan, problem.data()).parameters;
}

/// Rounding apart; and neither has stayed where it began.
void require_same(const std::vector<float>& one,
                  const std::vector<float>& other) {
  REQUIRE(one.size() == other.size());
  double norm = 0.0;
  for (std::size_t j = 0; j < one.size(); ++j) {
    REQUIRE(one[j] == Approx(other[j]).margin(2e-5));
    norm += std::abs(static_cast<double>(one[j]));
  }
  REQUIRE(norm > 0.1);
}

}  // namespace

TEST_CASE("equivalences: N synchronous workers are one with N-fold batches") {
  for (const std::size_t n : {2U, 3U, 4U}) {
    const auto serial = trained(p::serial(), rows, 0.2);
    require_same(trained(star(n, p::gradient{p::combine::mean}, p::barrier{}),
                         rows / n, 0.2),
                 serial);
    require_same(trained(star(n, p::gradient{p::combine::sum}, p::barrier{}),
                         rows / n, 0.2 / static_cast<double>(n)),
                 serial);
    require_same(trained(*p::by_name("allreduce",
                                     {.replicas = static_cast<unsigned>(n)}),
                         rows / n, 0.2),
                 serial);
  }
}

TEST_CASE("equivalences: a staleness of 0 is bulk synchronous") {
  for (const std::size_t tau : {1U, 3U}) {
    // What a replica has moved is its gradients times the step.
    require_same(trained(star(3, p::add_delta{}, p::bounded{tau, 0}), 4, 0.02),
                 trained(star(3, p::gradient{p::combine::sum}, p::barrier{tau}),
                         4, 0.02));
  }
}

TEST_CASE("equivalences: a quorum of all is a barrier") {
  const auto at_barrier =
      trained(star(3, p::gradient{}, p::barrier{3}), 4, 0.02);
  for (const std::size_t grace : {0U, 1U}) {
    require_same(
        trained(star(3, p::gradient{}, p::quorum{3, 3, grace}), 4, 0.02),
        at_barrier);
  }
}

TEST_CASE("equivalences: an outer step of rate 1 is plain averaging") {
  for (const std::size_t tau : {1U, 4U}) {
    p::wiring_options options;
    options.replicas = 4;
    options.tau = tau;
    require_same(
        trained(star(4, p::outer_step{1.0, 0.0}, p::barrier{tau}), 2, 0.05),
        trained(*p::by_name("allreduce", options), 2, 0.05));
  }
}

TEST_CASE("equivalences: hierarchical and plain all-reduce agree") {
  p::wiring_options options;
  options.replicas = 4;
  options.group = 2;
  require_same(trained(*p::by_name("hierarchical", options), 2, 0.05),
               trained(*p::by_name("allreduce", options), 2, 0.05));
}

TEST_CASE(
    "equivalences: a row of three mixes by thirds unless told otherwise") {
  const auto row = [](const p::mix& rule) {
    return trained(
        p::wire({{"a", 1, {}, {}}, {"b", 1, {}, {}}, {"c", 1, {}, {}}},
                {{0, 1}, {1, 2}}, rule, p::barrier{}),
        2, 0.05);
  };
  const auto thirds = row({1.0 / 3.0});

  require_same(row({}), thirds);
  REQUIRE(row({0.1}) != thirds);
}

TEST_CASE("equivalences: without local momentum EAMSGD is EASGD") {
  p::wiring_options options;
  options.replicas = 1;
  options.tau = 4;
  require_same(trained(*p::by_name("eamsgd", options), 2, 0.05),
               trained(*p::by_name("easgd", options), 2, 0.05));
}

TEST_CASE("equivalences: a tau of 1 is one whether or not it is said") {
  // Two batches a replica: the run finds that 1 is the least.
  REQUIRE(
      trained(star(3, p::elastic{0.3}, p::every{{}, true}), 16, 0.05, true) ==
      trained(star(3, p::elastic{0.3}, p::every{1, true}), 16, 0.05, true));
  REQUIRE(trained(star(3, p::elastic{0.3}, p::in_turn{}), 16, 0.05, true) ==
          trained(star(3, p::elastic{0.3}, p::in_turn{1}), 16, 0.05, true));
}

TEST_CASE("equivalences: a hub in parts is one hub") {
  for (const char* const system : {"sync", "easgd", "local-sgd"}) {
    p::wiring_options options;
    options.replicas = 3;
    options.tau = 4;
    const auto whole = trained(*p::by_name(system, options), 2, 0.05);
    for (const unsigned hubs : {2U, 5U, 7U}) {  // of 6 coordinates
      options.hubs = hubs;
      CAPTURE(system, hubs);
      REQUIRE(trained(*p::by_name(system, options), 2, 0.05) == whole);
    }
  }
}

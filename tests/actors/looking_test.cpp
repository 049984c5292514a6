// An evaluation changes nothing of what is computed, and sees all that is
// there when everybody rests.

#include <algorithm>
#include <memory>
#include <string>
#include <vector>

#include <catch2/catch.hpp>

#include "actors/run/train.hpp"
#include "actors/sync/token_ring.hpp"
#include "tests/support/training.hpp"
#include "topology/compose.hpp"
#include "topology/systems.hpp"

namespace a = sounder::actors;
namespace k = sounder::kernels;
namespace p = sounder::topology;
namespace t = sounder::tests;

namespace {

constexpr std::size_t rows = 240;

p::graph system_of(const std::string& name, unsigned replicas,
                   unsigned workers) {
  p::wiring_options options;
  options.replicas = replicas;
  options.workers = workers;
  options.tau = 4;
  return *p::by_name(name, options);
}

/// The model of a run that is looked at so often.
std::vector<float> seen_every(unsigned epochs, a::training_plan plan,
                              const k::dataset& data) {
  plan.evaluate_every = epochs;
  return a::train(plan, data).parameters;
}

/// Where each replica's steps add 1: the mean of all over n replicas.
constexpr unsigned epochs = 5;
constexpr double steps = static_cast<double>(epochs * rows);

std::vector<float> counted(const p::graph& wiring, bool deterministic,
                           unsigned evaluate_every) {
  auto plan = t::plan_of(std::make_shared<t::tally>(1), wiring, epochs);
  plan.deterministic = deterministic;
  plan.schedule = k::constant_step(1.0);
  return seen_every(evaluate_every, plan, t::blank(rows));
}

}  // namespace

TEST_CASE("looking: a deterministic run is the same however often one looks") {
  const k::dataset data = t::random_problem(k::linear_model::logistic,
                                            k::layout::sparse, rows, 30, 5);
  for (const std::string& system : p::names()) {
    for (const unsigned workers : {1U, 2U}) {
      auto plan = t::plan_of(k::make_linear(k::linear_model::logistic, data, 1,
                                            {k::penalty_form::l2, 0.01}),
                             system_of(system, 3, workers), 6);
      plan.schedule = k::constant_step(0.1);
      INFO(system << " with " << workers << " workers");

      const auto at_the_end = seen_every(6, plan, data);

      CHECK(seen_every(1, plan, data) == at_the_end);
      CHECK(seen_every(2, plan, data) == at_the_end);
      CHECK(seen_every(5, plan, data) == at_the_end);
    }
  }
}

TEST_CASE("looking: one worker is the same, too, with threads") {
  const k::dataset data = t::random_problem(k::linear_model::logistic,
                                            k::layout::sparse, rows, 30, 5);
  auto plan = t::plan_of(k::make_linear(k::linear_model::logistic, data, 1,
                                        {k::penalty_form::l2, 0.01}),
                         p::serial(), 6);
  plan.deterministic = false;

  const auto at_the_end = seen_every(6, plan, data);

  CHECK(seen_every(1, plan, data) == at_the_end);
  CHECK(seen_every(4, plan, data) == at_the_end);
}

// Steps add 1, and whole numbers and halves add up exactly.

TEST_CASE("looking: each of all-to-all has every move when all rest") {
  for (const bool deterministic : {true, false}) {
    for (const unsigned every : {1U, epochs}) {
      const auto model =
          counted(system_of("all-to-all", 4, 1), deterministic, every);
      CHECK(model.at(0) == static_cast<float>(steps));
    }
  }
}

TEST_CASE("looking: those that average have the mean of all moves") {
  for (const bool deterministic : {true, false}) {
    for (const char* const system : {"ad-psgd", "d-psgd", "sgp"}) {
      INFO(system);
      const auto model = counted(system_of(system, 4, 1), deterministic, 2);
      CHECK(model.at(0) == Approx(steps / 4).epsilon(1e-5));
    }
  }
}

TEST_CASE("looking: nobody waits for the token of one who rests") {
  for (int n = 0; n < 20; ++n) {
    REQUIRE(counted(system_of("hogwildpp", 3, 1), false, 1).at(0) > 0.0F);
  }
}

TEST_CASE("looking: a token stays where it is until somebody calls for it") {
  a::token_ring ring({1, 1, 1});
  for (const std::size_t member : {0U, 1U, 2U}) {
    ring.enter(member);
  }
  ring.pass_on();
  REQUIRE(ring.is_at(1));

  ring.call(0);  // from one that walks
  CHECK(ring.is_at(1));
  ring.resign(1);
  ring.enter(1);
  CHECK(ring.is_at(1));
  ring.resign(1);
  ring.enter(0);
  CHECK(ring.is_at(1));
  ring.call(0);
  CHECK(ring.is_at(2));
  CHECK(ring.passes() == 2);
}

#include "actors/plan/meeting_times.hpp"

#include <memory>

#include <catch2/catch.hpp>

#include "tests/support/training.hpp"
#include "topology/systems.hpp"

namespace a = sounder::actors;
namespace p = sounder::topology;
namespace t = sounder::tests;

namespace {

/// Samples that all replicas of the system walk between two meetings, where
/// these would cost more than an epoch and a step as much as a rendezvous.
std::size_t apart(const char* system, unsigned replicas) {
  constexpr std::size_t rows = 64'000;
  constexpr std::size_t features = 1'000'000'000;
  const a::training_plan plan =
      t::plan_of(std::make_shared<t::tally>(features),
                 *p::by_name(system, {.replicas = replicas}), 1);
  return a::steps_apart(plan, {rows, 2000 * rows});
}

}  // namespace

TEST_CASE("meeting times: an eighth of an epoch apart, or less") {
  for (const unsigned replicas : {2U, 4U, 8U}) {
    CHECK(apart("star", replicas) == 64'000 / 8);
    CHECK(apart("ssp", replicas) == 64'000 / 8);
    CHECK(apart("easgd", replicas) == 64'000 / 16);
    CHECK(apart("ea-wild", replicas) == 64'000 / 16);
  }
}

TEST_CASE("meeting times: the closer, the more there are to add in turn") {
  CHECK(apart("star-in-turn", 1) == 64'000 / 8);
  CHECK(apart("star-in-turn", 2) == 64'000 / 8);
  CHECK(apart("star-in-turn", 4) == 64'000 / 16);
  CHECK(apart("star-in-turn", 8) == Approx(64'000 / 32).epsilon(0.01));
}

// Ways that are shared: every phase is taken once, its own first.

#include "actors/replica/shared_walk.hpp"

#include <algorithm>
#include <map>
#include <thread>
#include <vector>

#include <catch2/catch.hpp>

#include "topology/systems.hpp"

namespace a = sounder::actors;
namespace p = sounder::topology;

namespace {

constexpr std::size_t phases = 16;  // an epoch
constexpr std::uint64_t lead = phases / 8;

/// A way whose epochs have so many phases, of a chunk each.
a::way way_of(std::size_t replica) {
  a::epoch_cut cut;
  for (std::size_t k = 0; k < phases; ++k) {
    cut.chunks.push_back({k, k + 1});
    cut.phase_ends.push_back(k + 1);
  }
  auto setup = std::make_shared<a::replica_setup>();
  setup->replica = replica;
  setup->cut = a::run_cut({cut});
  return {setup, nullptr, nullptr};
}

}  // namespace

TEST_CASE("shared walk: one's own way first, then who is behind") {
  a::shared_walk all(3);  // the third is a hub
  all.join(0, 0);
  all.join(1, 0);
  CHECK(all.open(0, way_of(0), 0, phases).phase == 0);
  CHECK(all.open(1, way_of(1), 0, phases).along.setup->replica == 1);

  for (std::uint64_t k = 1; k <= lead; ++k) {
    const auto own = all.next(0);
    REQUIRE(own);
    CHECK(own->along.setup->replica == 0);
    CHECK(own->phase == k);
  }
  const auto own = all.next(0);  // one more than the lead
  const auto others = all.next(0);
  REQUIRE(own);
  REQUIRE(others);
  CHECK(own->along.setup->replica == 0);
  CHECK(others->along.setup->replica == 1);
  CHECK(others->phase == 1);
}

TEST_CASE("shared walk: who has not set out is waited for, not overtaken") {
  a::shared_walk all(2);
  all.join(0, 0);
  all.join(1, 0);
  all.open(0, way_of(0), 0, phases);

  for (std::uint64_t k = 1; k <= lead; ++k) {
    CHECK(all.next(0)->phase == k);
  }
  CHECK_FALSE(all.next(0));
  CHECK_FALSE(all.is_over(0));
  all.open(1, way_of(1), 0, phases);
  CHECK(all.next(0));
}

TEST_CASE("shared walk: it is over when all ways are taken to the goal") {
  a::shared_walk all(2);
  all.join(0, 0);
  all.join(1, 0);
  all.open(0, way_of(0), 0, 2);
  all.open(1, way_of(1), 0, 2);

  CHECK(all.next(0)->along.setup->replica == 0);
  CHECK_FALSE(all.is_over(1));
  CHECK(all.next(0)->along.setup->replica == 1);
  CHECK_FALSE(all.next(1));
  CHECK(all.is_over(0));
  CHECK(all.is_over(1));
  CHECK(all.open(0, way_of(0), 2, 4).phase == 2);  // the next goal
  CHECK(all.next(0)->phase == 3);
  CHECK_FALSE(all.next(0));
  CHECK_FALSE(all.is_over(0));
}

TEST_CASE("shared walk: many take every phase once", "[stress]") {
  constexpr std::size_t members = 4;
  constexpr std::uint64_t goal = 40 * phases;
  a::shared_walk all(members);
  for (std::size_t k = 0; k < members; ++k) {
    all.join(k, 0);
  }
  std::vector<std::vector<a::stretch>> taken(members);
  {
    std::vector<std::jthread> threads;
    for (std::size_t k = 0; k < members; ++k) {
      threads.emplace_back([&, k] {
        taken[k].push_back(all.open(k, way_of(k), 0, goal));
        while (!all.is_over(k)) {
          if (auto next = all.next(k)) {
            taken[k].push_back(*next);
          }
        }
      });
    }
  }
  std::map<std::size_t, std::vector<std::uint64_t>> of;
  for (const auto& each : taken) {
    for (const a::stretch& one : each) {
      of[one.along.setup->replica].push_back(one.phase);
    }
  }
  for (auto& [replica, seen] : of) {
    std::sort(seen.begin(), seen.end());
    REQUIRE(seen.size() == goal);
    CHECK(std::adjacent_find(seen.begin(), seen.end()) == seen.end());
    CHECK(seen.back() == goal - 1);
  }
}

TEST_CASE("shared walk: where nobody waits for another to come as often") {
  const auto may = [](const char* system, bool deterministic = false) {
    a::training_plan plan;
    plan.graph = p::by_name(system, {.replicas = 2}).value();
    plan.deterministic = deterministic;
    return a::may_share_ways(plan);
  };
  for (const char* const system :
       {"star", "async-ps", "downpour", "async-easgd", "ea-wild", "all-to-all",
        "ad-psgd"}) {
    CAPTURE(system);
    CHECK(may(system));
    CHECK_FALSE(may(system, true));
  }
  for (const char* const system :
       {"serial", "hogwild", "hogwildpp", "sync", "allreduce", "easgd", "ssp",
        "d-psgd", "local-sgd"}) {
    CAPTURE(system);
    CHECK_FALSE(may(system));
  }
}

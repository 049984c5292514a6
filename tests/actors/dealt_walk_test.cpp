#include "actors/replica/dealt_walk.hpp"

#include <memory>
#include <stdexcept>

#include <catch2/catch.hpp>

namespace a = sounder::actors;

namespace {

/// Of three replicas; the second's samples are elsewhere.
a::known_ways ways() {
  const auto setup = [](std::size_t replica) {
    auto made = std::make_shared<a::replica_setup>();
    made->replica = replica;
    return a::way{made, nullptr, nullptr};
  };
  return {setup(0), std::nullopt, setup(2)};
}

a::step_table steps(double size) {
  a::step_table table;
  table.add(size);
  return table;
}

}  // namespace

TEST_CASE("dealt walk: phase by phase, each with the steps of its way") {
  a::assignment dealt;
  dealt.parts = {{2, 5, 7}, {0, 9, 10}, {2, 7, 8}};
  dealt.steps = {{0, steps(0.5)}, {2, steps(0.25)}};
  a::dealt_walk walk(std::move(dealt), ways());

  const auto expect = [&](std::size_t replica, std::uint64_t phase,
                          double step) {
    const auto next = walk.next();
    REQUIRE(next);
    CHECK(next->along.setup->replica == replica);
    CHECK(next->phase == phase);
    REQUIRE(next->along.steps);
    CHECK(next->along.steps->at(0) == step);
  };
  expect(2, 5, 0.25);
  expect(2, 6, 0.25);
  expect(0, 9, 0.5);
  expect(2, 7, 0.25);
  CHECK_FALSE(walk.next());
  CHECK_FALSE(walk.next());
}

TEST_CASE("dealt walk: what cannot be walked here is refused by number") {
  const auto refusal = [](const a::phase_range& part) -> std::string {
    a::assignment dealt;
    dealt.parts = {{0, 0, 1}, part};
    try {
      const a::dealt_walk walk(std::move(dealt), ways());
    } catch (const std::invalid_argument& problem) {
      return problem.what();
    }
    return "";
  };

  CHECK(refusal({0, 1, 2}).empty());
  CHECK(refusal({1, 3, 4}) ==
        "phases 3 to 4 of replica 1 cannot be walked here");
  CHECK(refusal({3, 0, 1}) ==
        "phases 0 to 1 of replica 3 cannot be walked here");
  CHECK(refusal({2, 4, 4}) ==
        "phases 4 to 4 of replica 2 cannot be walked here");
}

#include "kernels/step/schedule.hpp"

#include <cmath>

#include <catch2/catch.hpp>

namespace k = sounder::kernels;

TEST_CASE("constant step: never changes") {
  const auto rule = k::constant_step(0.25);

  REQUIRE(rule(0.0) == 0.25);
  REQUIRE(rule(17.5) == 0.25);
}

TEST_CASE("decaying step: falls by the factor at whole epochs only") {
  const auto rule = k::decaying_step(8.0, 0.5);

  REQUIRE(rule(0.0) == 8.0);
  REQUIRE(rule(0.999) == 8.0);
  REQUIRE(rule(1.0) == 4.0);
  REQUIRE(rule(3.7) == 1.0);
}

TEST_CASE("polynomial step: reaches 0 at the end and stays there") {
  const auto rule = k::polynomial_step(2.0, 4.0, 2.0);

  REQUIRE(rule(0.0) == 2.0);
  REQUIRE(rule(2.0) == 0.5);
  REQUIRE(rule(4.0) == 0.0);
  REQUIRE(rule(5.0) == 0.0);
}

TEST_CASE("polynomial step: power 0 is constant before the end") {
  REQUIRE(k::polynomial_step(2.0, 4.0, 0.0)(3.9) == 2.0);
}

TEST_CASE("annealed step: Bottou's rule times a line to 0 at the end") {
  const auto rule = k::annealed_step(8.0, 4.0, 0.5);

  REQUIRE(rule(0.0) == 8.0);
  REQUIRE(rule(2.0) == 8.0 * 0.5 / 2.0);
  REQUIRE(rule(3.0) == 8.0 * 0.25 / 2.5);
  REQUIRE(rule(4.0) == 0.0);
  REQUIRE(rule(5.0) == 0.0);
}

TEST_CASE("multi step: falls at each milestone, in any order given") {
  const auto rule = k::multi_step(8.0, 0.5, {5.0, 2.0});

  REQUIRE(rule(1.999) == 8.0);
  REQUIRE(rule(2.0) == 4.0);
  REQUIRE(rule(4.999) == 4.0);
  REQUIRE(rule(5.0) == 2.0);
  REQUIRE(k::multi_step(8.0, 0.5, {})(100.0) == 8.0);
}

TEST_CASE("inverse-time step: halves when rate times time is 1") {
  const auto rule = k::inverse_time_step(1.0, 0.25);

  REQUIRE(rule(0.0) == 1.0);
  REQUIRE(rule(4.0) == 0.5);
  REQUIRE(rule(12.0) == 0.25);
}

TEST_CASE("warm-up: rises linearly from its start to the rule") {
  const auto rule = k::warm_up(k::constant_step(2.0), 4.0, 0.25);

  REQUIRE(rule(0.0) == 0.5);
  REQUIRE(rule(2.0) == 2.0 * 0.625);
  REQUIRE(rule(4.0) == 2.0);
  REQUIRE(rule(9.0) == 2.0);
}

TEST_CASE("warm-up: multiplies what the rule says at the time") {
  const auto rule = k::warm_up(k::decaying_step(1.0, 0.5), 2.0);

  REQUIRE(rule(0.0) == 0.0);
  REQUIRE(rule(1.0) == 0.25);
  REQUIRE(rule(2.0) == 0.25);
}

TEST_CASE("two stages: the second rule goes by the epochs of the whole run") {
  const auto rule = k::two_stage_step(k::constant_step(0.25), 2.0,
                                      k::decaying_step(1.0, 0.5));

  REQUIRE(rule(0.0) == 0.25);
  REQUIRE(rule(1.99) == 0.25);
  REQUIRE(rule(2.0) == 0.25);
  REQUIRE(rule(3.0) == 0.125);
  REQUIRE(k::two_stage_step(k::constant_step(9.0), 0.0,
                            k::constant_step(1.0))(0.0) == 1.0);
}

TEST_CASE("warm-up: over no time changes nothing") {
  REQUIRE(k::warm_up(k::constant_step(2.0), 0.0)(0.0) == 2.0);
}

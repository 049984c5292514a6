#include "topology/analysis.hpp"

#include <catch2/catch.hpp>

#include "topology/systems.hpp"

namespace p = sounder::topology;

namespace {

p::graph system_of(const char* name, unsigned replicas) {
  return p::by_name(name, {.replicas = replicas}).value();
}

}  // namespace

TEST_CASE("analysis: tokens and push-sum get round in their own direction") {
  CHECK(p::analyse(system_of("hogwildpp", 8), 1.0).diameter == 7U);
  CHECK(p::analyse(system_of("sgp", 8), 1.0).diameter == 3U);
  CHECK(p::analyse(system_of("d-psgd", 8), 1.0).diameter == 4U);
  CHECK(p::analyse(system_of("star", 8), 1.0).diameter == 2U);
}

TEST_CASE("analysis: the gap is that of the links' own weights") {
  p::graph pair = system_of("d-psgd", 2);

  CHECK(*p::analyse(pair, 1.0).spectral_gap == Approx(1.0));
  pair.links[0].exchange = p::mix{0.25};

  // eigenvalues 1 and 1 - 2 W_ij
  CHECK(*p::analyse(pair, 1.0).spectral_gap == Approx(0.5));
}

#include "topology/structure.hpp"

#include <catch2/catch.hpp>

#include "topology/compose.hpp"

namespace p = sounder::topology;
namespace s = sounder::topology::shapes;

namespace {

p::graph along(const p::edges& pairs, const p::exchange& rule) {
  return p::wire({}, pairs, rule, {});
}

}  // namespace

TEST_CASE("structure: diameters are those of the textbook") {
  const auto diameter = [](std::size_t n, const p::edges& pairs) {
    return p::diameter(n, p::ways_of(along(pairs, p::mix{})));
  };
  CHECK(diameter(1, {}) == 0U);
  CHECK(diameter(2, s::ring(2)) == 1U);
  CHECK(diameter(8, s::ring(8)) == 4U);
  CHECK(diameter(9, s::ring(9)) == 4U);
  CHECK(diameter(9, s::star(8)) == 2U);
  CHECK(diameter(7, s::clique(7)) == 1U);
  CHECK(diameter(16, s::hypercube(4)) == 4U);
  CHECK(diameter(16, s::torus(4, 4)) == 4U);
  CHECK(diameter(8, s::exponential(8)) == 2U);
  CHECK(diameter(12, s::two_level_groups(12, 4)) == 3U);
}

TEST_CASE("structure: tokens and shares go one way only") {
  const auto ring = along(s::directed_ring(8), p::token_merge{});
  const auto shares = along(s::directed_exponential(8), p::push_sum{});

  CHECK(p::diameter(8, p::ways_of(ring)) == 7U);
  CHECK(p::diameter(8, p::ways_of(shares)) == 3U);
}

TEST_CASE("structure: what is not connected has no diameter") {
  CHECK_FALSE(p::diameter(4, s::groups(4, 2)));
  CHECK_FALSE(p::diameter(2, {}));
}

TEST_CASE("structure: pairs count once whatever joins them") {
  p::graph g;
  g.replicas.resize(3);
  g.links = {{0, 1, {}, {}}, {1, 0, {}, {}}, {1, 2, {}, {}}, {1, 2, {}, {}}};

  CHECK(p::pairs_of(g) == p::edges{{0, 1}, {1, 2}});
  CHECK(p::degrees(3, p::pairs_of(g)) == std::vector<std::size_t>{1, 2, 1});
}

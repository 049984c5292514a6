#include "topology/structure.hpp"

#include <catch2/catch.hpp>

namespace p = sounder::topology;
namespace s = sounder::topology::shapes;

TEST_CASE("structure: diameters are those of the textbook") {
  CHECK(p::diameter(1, {}) == 0U);
  CHECK(p::diameter(2, s::ring(2)) == 1U);
  CHECK(p::diameter(8, s::ring(8)) == 4U);
  CHECK(p::diameter(9, s::ring(9)) == 4U);
  CHECK(p::diameter(9, s::star(8)) == 2U);
  CHECK(p::diameter(7, s::clique(7)) == 1U);
  CHECK(p::diameter(16, s::hypercube(4)) == 4U);
  CHECK(p::diameter(16, s::torus(4, 4)) == 4U);
  CHECK(p::diameter(8, s::exponential(8)) == 2U);
  CHECK(p::diameter(12, s::two_level_groups(12, 4)) == 3U);
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

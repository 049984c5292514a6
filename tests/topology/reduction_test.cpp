#include "topology/reduction.hpp"

#include <catch2/catch.hpp>

#include "topology/compose.hpp"
#include "topology/systems.hpp"

namespace p = sounder::topology;

namespace {

using numbers = std::vector<std::size_t>;

p::graph reducing(std::size_t n, const p::edges& pairs) {
  return p::wire(std::vector<p::replica>(n), pairs, p::all_reduce{},
                 p::barrier{});
}

}  // namespace

TEST_CASE("reduction: a ring is all leaders, in its order") {
  const auto all = p::reductions(reducing(4, {{0, 2}, {2, 1}, {1, 3}, {3, 0}}));

  REQUIRE(all.size() == 1);
  CHECK(all[0].is_sound);
  CHECK(all[0].leaders == numbers{0, 2, 1, 3});
  CHECK(all[0].members.empty());
}

TEST_CASE("reduction: members take part through their leader") {
  const auto all = p::reductions(
      p::by_name("hierarchical", {.replicas = 7, .group = 3}).value());

  REQUIRE(all.size() == 1);
  CHECK(all[0].is_sound);
  CHECK(all[0].leaders == numbers{0, 3, 6});
  CHECK(all[0].members == p::edges{{1, 0}, {2, 0}, {4, 3}, {5, 3}});
}

TEST_CASE("reduction: every group of ea-wild is one") {
  const auto all =
      p::reductions(p::by_name("ea-wild", {.replicas = 7, .group = 3}).value());

  REQUIRE(all.size() == 2);  // the seventh is alone
  CHECK(all[1].leaders == numbers{4, 5, 6});
}

TEST_CASE("reduction: of two, the one that points is the member") {
  const auto all = p::reductions(reducing(2, {{0, 1}}));

  REQUIRE(all.size() == 1);
  CHECK(all[0].is_sound);
  CHECK(all[0].leaders == numbers{1});
  CHECK(all[0].members == p::edges{{0, 1}});
}

TEST_CASE("reduction: cliques and chains of leaders are not sound") {
  CHECK_FALSE(p::reductions(reducing(4, p::shapes::clique(4)))[0].is_sound);
  CHECK_FALSE(
      p::reductions(reducing(5, {{3, 0}, {0, 1}, {1, 2}, {4, 2}}))[0].is_sound);
}

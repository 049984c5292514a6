#include "topology/shapes.hpp"

#include <algorithm>
#include <bit>
#include <set>

#include <catch2/catch.hpp>

namespace s = sounder::topology::shapes;
using sounder::topology::edge;
using sounder::topology::edges;

namespace {

constexpr std::size_t sizes[] = {0, 1, 2, 3, 4, 6, 8, 9, 12, 16};

std::vector<std::size_t> degrees(const edges& all, std::size_t n) {
  std::vector<std::size_t> count(n, 0);
  for (const edge& e : all) {
    ++count.at(e.from);
    ++count.at(e.to);
  }
  return count;
}

bool all_have_degree(const edges& all, std::size_t n, std::size_t degree) {
  const auto count = degrees(all, n);
  return std::all_of(count.begin(), count.end(),
                     [&](std::size_t d) { return d == degree; });
}

}  // namespace

TEST_CASE("shapes: undirected ones hold each pair once and no loop") {
  for (const std::string& name : s::names()) {
    for (const std::size_t n : sizes) {
      if (name == "hypercube" && n != 0 && !std::has_single_bit(n)) {
        continue;
      }
      INFO(name << " of " << n);
      std::set<std::pair<std::size_t, std::size_t>> seen;
      const edges all = s::by_name(name, n).value();
      for (const edge& e : all) {
        CHECK(e.from < n);
        CHECK(e.to < n);
        CHECK(e.from != e.to);
        CHECK(seen.insert(std::minmax(e.from, e.to)).second);
      }
    }
  }
}

TEST_CASE("shapes: degrees are those of the definition") {
  CHECK(all_have_degree(s::ring(1), 1, 0));
  CHECK(all_have_degree(s::ring(2), 2, 1));
  CHECK(all_have_degree(s::ring(7), 7, 2));
  CHECK(all_have_degree(s::directed_ring(2), 2, 2));
  CHECK(all_have_degree(s::clique(7), 7, 6));
  CHECK(all_have_degree(s::torus(3, 4), 12, 4));
  CHECK(all_have_degree(s::torus(2, 2), 4, 2));
  CHECK(all_have_degree(s::hypercube(4), 16, 4));
  CHECK(all_have_degree(s::directed_exponential(8), 8, 6));  // 3 out, 3 in
  CHECK(all_have_degree(s::exponential(8), 8, 5));  // 4 forth is 4 back
}

TEST_CASE("shapes: a torus is as square as its nodes allow") {
  CHECK(s::torus(12) == s::torus(3, 4));
  CHECK(s::torus(16) == s::torus(4, 4));
  CHECK(s::torus(7) == s::ring(7));
  CHECK(s::torus(1).empty());
}

TEST_CASE("shapes: a star's leaves point to node 0") {
  CHECK(s::star(3) == edges{{1, 0}, {2, 0}, {3, 0}});
  CHECK(s::star(0).empty());
}

TEST_CASE("shapes: members of a group point to its first") {
  CHECK(s::groups(7, 3) == edges{{1, 0}, {2, 0}, {4, 3}, {5, 3}});
  CHECK(s::two_level_groups(5, 2) ==
        edges{{1, 0}, {3, 2}, {0, 2}, {2, 4}, {4, 0}});
  CHECK(s::two_level_groups(4, 4) == s::groups(4, 4));
  CHECK(s::two_level_groups(4, 1) == s::ring(4));
  CHECK(s::two_level_groups(4, 0) == s::ring(4));
  CHECK(s::group_rings(5, 3) == edges{{0, 1}, {1, 2}, {2, 0}, {3, 4}});
  CHECK(s::group_rings(3, 1).empty());
}

TEST_CASE("shapes: unknown names have none, impossible sizes throw") {
  CHECK_FALSE(s::by_name("Ring", 4));
  CHECK_THROWS(s::by_name("hypercube", 6));
}

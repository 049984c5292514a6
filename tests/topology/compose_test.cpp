#include "topology/compose.hpp"

#include <stdexcept>

#include <catch2/catch.hpp>

#include "topology/systems.hpp"

namespace p = sounder::topology;

namespace {

p::graph system_of(const char* name, unsigned replicas) {
  return p::by_name(name, {.replicas = replicas}).value();
}

std::vector<std::string> names_in(const p::graph& g) {
  std::vector<std::string> all;
  for (const p::replica& r : g.replicas) {
    all.push_back(r.name);
  }
  return all;
}

using names = std::vector<std::string>;

}  // namespace

TEST_CASE("compose: join renames what clashes and moves the links") {
  p::graph odd = system_of("star", 1);
  odd.replicas[1].name = "hub-2";

  const p::graph all = p::join(odd, system_of("star", 1));

  CHECK(names_in(all) == names{"hub", "hub-2", "hub-3", "replica-1"});
  REQUIRE(all.links.size() == 2);
  CHECK(all.links[1].from == 3);
  CHECK(all.links[1].to == 2);
}

TEST_CASE("compose: join with nothing changes nothing") {
  const p::graph star = system_of("star", 2);

  CHECK(names_in(p::join(star, {})) == names_in(star));
  CHECK(p::join({}, star).links.size() == 2);
}

TEST_CASE("compose: bridge adds one link") {
  const p::graph all = p::bridge(p::join(p::serial(), p::serial()), 0, 1,
                                 p::pair_average{}, p::every{7});

  REQUIRE(all.links.size() == 1);
  CHECK(p::validate(all).empty());
}

TEST_CASE("compose: nest puts a graph into a replica's place") {
  p::graph outer = system_of("ea-wild", 3);
  outer.replicas[2].place = "paris";
  p::graph inner = system_of("hogwildpp", 2);
  inner.replicas[1].place = "lyon";

  const p::graph all = p::nest(outer, 2, inner, 1);

  CHECK(names_in(all) == names{"hub", "replica-1", "replica-2/replica-1",
                               "replica-2/replica-2", "replica-3"});
  CHECK(all.replicas[2].place == "paris");
  CHECK(all.replicas[3].place == "lyon");
  REQUIRE(all.links.size() == 5);
  CHECK(all.links[1].from == 3);  // the entry
  CHECK(all.links[2].from == 4);  // moved on
  CHECK(all.links[3].from == 2);  // inside
  CHECK(all.links[3].to == 3);
  CHECK(p::validate(all).empty());
}

TEST_CASE("compose: nest goes in by a replica like the one that was there") {
  const p::graph star = system_of("star", 2);

  const p::graph all = p::nest(star, 1, star);

  CHECK(all.links[0].from == 2);  // of 1 the hub, 2 and 3
  CHECK(p::validate(all).empty());
  CHECK(p::nest(star, 0, star).links[0].to == 0);  // hub for hub
}

TEST_CASE("compose: nest and join keep what links compress to") {
  const p::graph star =
      p::by_name("star", {.replicas = 1, .compress = p::int8{}}).value();

  for (const p::graph& all : {p::nest(star, 1, star), p::join(star, star)}) {
    CHECK(std::holds_alternative<p::int8>(all.links[0].compression));
    CHECK(std::holds_alternative<p::int8>(all.links[1].compression));
  }
}

TEST_CASE("compose: the first optimizer that a part names is that of all") {
  p::graph star = system_of("star", 1);
  const p::graph eamsgd = system_of("eamsgd", 1);

  CHECK(p::join(star, eamsgd).optimizer == "nesterov");
  CHECK(p::nest(star, 1, eamsgd).optimizer == "nesterov");
  star.optimizer = "adam";
  CHECK(p::join(star, eamsgd).optimizer == "adam");
  CHECK(p::nest(star, 1, eamsgd).optimizer == "adam");
}

TEST_CASE("compose: nest knows no replica that is not there") {
  const p::graph star = system_of("star", 1);

  CHECK_THROWS_AS(p::nest(star, 2, star), std::out_of_range);
  CHECK_THROWS_AS(p::nest(star, 0, {}), std::out_of_range);
}

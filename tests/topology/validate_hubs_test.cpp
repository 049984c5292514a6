// What quorums and the age of updates ask of a graph.

#include <functional>

#include <catch2/catch.hpp>

#include "topology/compose.hpp"
#include "topology/validate.hpp"

namespace p = sounder::topology;

namespace {

/// Replicas at a hub, each with the discipline that is made of its number.
p::graph star_of(std::size_t replicas, const p::exchange& rule,
                 const std::function<p::discipline(std::size_t)>& when) {
  p::graph made;
  made.replicas.push_back({"hub", 0, {}, {}});
  for (std::size_t i = 1; i <= replicas; ++i) {
    made.replicas.push_back({"r" + std::to_string(i), 1, {}, {}});
    made.links.push_back({i, 0, rule, when(i)});
  }
  return made;
}

p::graph star(std::size_t replicas, const p::exchange& rule,
              const p::discipline& when) {
  return star_of(replicas, rule, [&](std::size_t) { return when; });
}

void require_one(const p::graph& wiring, const std::string& words) {
  const auto problems = p::validate(wiring);
  CAPTURE(problems);
  REQUIRE(problems.size() == 1);
  CHECK_THAT(problems[0], Catch::Contains(words));
}

const p::exchange by_age = p::gradient{p::combine::mean, 0.0, p::scale{}};

}  // namespace

TEST_CASE("validate: a quorum is at a hub, of some, with a grace that ends") {
  CHECK(p::validate(star(3, p::gradient{}, p::quorum{1, 2, 20})).empty());
  CHECK(p::validate(star(3, p::elastic{0.3}, p::quorum{})).empty());

  require_one(star(1, p::gradient{}, p::quorum{1, 0}),
              "has least 0; 1 is the least");
  require_one(star(1, p::gradient{}, p::quorum{1, 1, 1U << 31U}),
              "has grace 2147483648; a day, 86400000, is the most");
  require_one(p::wire({{"a", 1, {}, {}}, {"b", 1, {}, {}}}, {{0, 1}},
                      p::elastic{}, p::quorum{}),
              "quorum needs a hub at the link's end");
  require_one(star(1, p::add_delta{}, p::quorum{}),
              "quorum cannot carry add-delta, which goes with every");
}

TEST_CASE("validate: replicas of one hub have one quorum") {
  require_one(star_of(3, p::gradient{},
                      [](std::size_t i) -> p::discipline {
                        return p::quorum{1, i == 1 ? 1U : 2U};
                      }),
              "differ in least; replicas of one quorum");
  require_one(star_of(3, p::gradient{},
                      [](std::size_t i) -> p::discipline {
                        return i == 1 ? p::discipline(p::quorum{1})
                                      : p::discipline(p::barrier{1});
                      }),
              "different disciplines; where one of them waits");
}

TEST_CASE("validate: age is of updates that come to a hub one by one") {
  CHECK(p::validate(star(3, by_age, p::push_fetch{2, 3})).empty());

  require_one(star(1, by_age, p::barrier{}),
              "age is of updates that come one by one");
  require_one(star(1, by_age, p::quorum{}),
              "age is of updates that come one by one");
  require_one(
      p::wire({{"a", 1, {}, {}}, {"b", 1, {}, {}}}, {{0, 1}},
              p::add_delta{p::scale{}}, p::every{}),
      "age is counted by the updates of a hub; let 'b' have no workers");
}

#include "topology/reproducible.hpp"

#include <set>
#include <string>

#include <catch2/catch.hpp>

#include "topology/systems.hpp"

namespace p = sounder::topology;

namespace {

std::string why_not(const std::string& system, p::wiring_options options = {}) {
  return p::why_not_reproducible(p::by_name(system, options).value());
}

/// A hub and replicas of one worker, each with a link to it.
p::graph star(std::size_t replicas, const p::exchange& rule,
              const p::discipline& when) {
  p::graph made;
  made.replicas.push_back({"hub", 0, {}, {}});
  for (std::size_t i = 1; i <= replicas; ++i) {
    made.replicas.push_back({"r" + std::to_string(i), 1, {}, {}});
    made.links.push_back({i, 0, rule, when});
  }
  return made;
}

/// Two replicas of one worker, joined.
p::graph pair(const p::exchange& rule, const p::discipline& when) {
  return {{{"a", 1, {}, {}}, {"b", 1, {}, {}}}, {{0, 1, rule, when}}};
}

bool is_fixed(const p::graph& wiring) {
  REQUIRE(p::validate(wiring).empty());
  return p::why_not_reproducible(wiring).empty();
}

}  // namespace

TEST_CASE("reproducible: systems in which all wait for all or for their turn") {
  const std::set<std::string> fixed = {
      "serial",       "hogwild", "locked",       "aig",    "round-robin",
      "sync",         "easgd",   "star-in-turn", "d-psgd", "allreduce",
      "hierarchical", "sgp",     "local-sgd"};
  for (const std::string& name : p::names()) {
    INFO(name);
    CHECK(why_not(name, {.replicas = 3}).empty() == fixed.contains(name));
  }
}

TEST_CASE("reproducible: with one worker whatever the system") {
  for (const std::string& name : p::names()) {
    INFO(name);
    CHECK(why_not(name, {.replicas = 1}).empty());
  }
}

TEST_CASE("reproducible: not with workers who share a vector") {
  for (const std::string& name : p::names()) {
    INFO(name);
    const p::graph wiring =
        p::by_name(name, {.replicas = 1, .workers = 2}).value();
    CHECK(p::why_not_reproducible(wiring).empty() == (p::workers(wiring) == 1));
  }
}

TEST_CASE("reproducible: a discipline's numbers count") {
  const p::gradient rule;

  CHECK(is_fixed(star(3, rule, p::quorum{1, 3, 5})));
  CHECK_FALSE(is_fixed(star(3, rule, p::quorum{1, 2, 5})));
  CHECK_FALSE(is_fixed(star(3, rule, p::quorum{1, {}, 0})));
  CHECK(is_fixed(star(3, rule, p::bounded{1, 0})));
  CHECK_FALSE(is_fixed(star(3, rule, p::bounded{1, 1})));
  CHECK_FALSE(is_fixed(star(3, p::elastic{0.1}, p::every{1, true})));
}

TEST_CASE("reproducible: a replica may not be met while it steps") {
  CHECK_FALSE(is_fixed(pair(p::custom{"mine"}, p::barrier{1})));
  CHECK(is_fixed(star(3, p::custom{"mine"}, p::barrier{1})));
  CHECK(is_fixed(pair(p::mix{}, p::barrier{1})));
}

TEST_CASE("reproducible: who it is that depends on timing is said") {
  CHECK(why_not("hogwild", {.workers = 4}) ==
        "replica 'replica' has 4 workers, which read its vector while others "
        "write; take 4 replicas of one worker");
  CHECK(why_not("star") ==
        "link 'replica-1' -> 'hub' (every): replicas meet by their own clocks; "
        "take in-turn or a barrier");
  CHECK(why_not("hogwildpp") ==
        "link 'replica-1' -> 'replica-2' (on-token): others are anywhere when "
        "the token comes; take mix or all-reduce at a barrier, or a hub");
  CHECK(p::why_not_reproducible(pair(p::custom{"mine"}, p::barrier{1})) ==
        "link 'a' -> 'b' (barrier): 'b' steps while it is met; take mix or "
        "all-reduce at a barrier, or a hub");
}

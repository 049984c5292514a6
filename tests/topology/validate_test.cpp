#include "topology/validate.hpp"

#include <algorithm>
#include <functional>

#include <catch2/catch.hpp>

#include "topology/compose.hpp"
#include "topology/systems.hpp"

namespace p = sounder::topology;

namespace {

p::graph system_of(const char* name, unsigned replicas = 4) {
  return p::by_name(name, {.replicas = replicas}).value();
}

/// A graph with one mistake, and words of the sentence about it.
struct mistake {
  const char* name;
  std::function<p::graph()> make;
  const char* words;
};

/// The first link of a system with another exchange or discipline.
std::function<p::graph()> with(const char* name, const p::exchange& rule) {
  return [=] {
    p::graph g = system_of(name, 2);
    g.links[0].exchange = rule;
    return g;
  };
}

std::function<p::graph()> with(const char* name, const p::discipline& when,
                               unsigned replicas = 2) {
  return [=] {
    p::graph g = system_of(name, replicas);
    g.links[0].discipline = when;
    return g;
  };
}

std::function<p::graph()> but(const char* name,
                              const std::function<void(p::graph&)>& change) {
  return [=] {
    p::graph g = system_of(name);
    change(g);
    return g;
  };
}

/// A hub and one group of two, with one mistake.
std::function<p::graph()> group_with(
    const std::function<void(p::graph&)>& change) {
  return [=] {
    p::graph g = p::by_name("ea-wild", {.replicas = 2, .group = 2}).value();
    change(g);
    return g;
  };
}

p::graph two_stars() { return p::join(system_of("star"), system_of("star")); }

std::vector<mistake> mistakes() {
  return {
      {"same name",
       but("star", [](auto& g) { g.replicas[2].name = "replica-1"; }),
       "two replicas are called 'replica-1'"},
      {"no name", but("star", [](auto& g) { g.replicas[2].name = ""; }),
       "replica 2 has no name"},
      {"optimizer", but("star", [](auto& g) { g.optimizer = "best"; }),
       "'best' is no optimizer"},
      {"lonely hub",
       [] {
         p::graph g;
         g.replicas = {{"hub", 0, {}, {}}};
         return g;
       },
       "'hub' has no worker, and no link ends there"},
      {"many workers",
       but("star", [](auto& g) { g.replicas[1].workers = 2000; }),
       "2000 workers; at most 1024"},
      {"head",
       but("star",
           [](auto& g) {
             g.replicas[1].sharing = p::lock_free{4, 0};
           }),
       "every 0 samples"},
      {"missing replica",
       but("star",
           [](auto& g) {
             g.links.push_back({7, 0, {}, {}});
           }),
       "link 7 -> 'hub' begins at replica 7, but there are 5, numbered from 0"},
      {"missing end",
       but("star",
           [](auto& g) {
             g.links.push_back({1, 9, {}, {}});
           }),
       "link 'replica-1' -> 9 goes to replica 9"},
      {"self",
       but("d-psgd",
           [](auto& g) {
             g.links.push_back({1, 1, p::mix{}, p::barrier{}});
           }),
       "link 'replica-2' -> 'replica-2' joins a replica with itself"},
      {"twice", but("star", [](auto& g) { g.links.push_back(g.links[0]); }),
       "link 'replica-1' -> 'hub' is there twice; hold each link once"},
      {"back again",
       but("d-psgd",
           [](auto& g) {
             g.links.push_back({1, 0, p::mix{}, p::barrier{}});
           }),
       "is there twice; hold each pair once"},
      {"from a hub", [] { return p::bridge(two_stars(), 0, 6, {}, {}); },
       "link 'hub' -> 'replica-1-2' begins at a hub, which takes no steps"},
      {"unconnected", two_stars,
       "no link joins 'hub-2', 'replica-1-2', 'replica-2-2', 'replica-3-2' and "
       "'replica-4-2' with 'hub', 'replica-1'"},
      {"far too many",
       [] { return p::join(system_of("star", 9), p::serial()); },
       "with 'hub', 'replica-1', 'replica-2', 'replica-3' and 6 more; add one"},
      {"tau", with("star", p::discipline{p::every{0, false}}),
       "has tau 0; 1 step is the"},
      {"barrier tau",
       [] { return p::by_name("sync", {.replicas = 1, .tau = 0}).value(); },
       "has tau 0"},
      {"tau0", with("hogwildpp", p::discipline{p::on_token{0}}), "has tau0 0"},
      {"push", with("downpour", p::discipline{p::push_fetch{0, 1}}),
       "has push 0"},
      {"fetch", with("downpour", p::discipline{p::push_fetch{1, 0}}),
       "has fetch 0"},
      {"alpha", with("ea-wild", p::exchange{p::elastic{1.5}}),
       "has alpha 1.5; it must lie between 0 and 1"},
      {"beta", with("hogwildpp", p::exchange{p::token_merge{{}, 0, 1.0}}),
       "has beta 1;"},
      {"tolerance", with("hogwildpp", p::exchange{p::token_merge{{}, -1, {}}}),
       "has tolerance -1"},
      {"alphas",
       [] {
         p::graph g = system_of("sync");
         for (p::link& l : g.links) {
           l.exchange = p::elastic{0.3};
         }
         return g;
       },
       "4 elastic links add up to 1.2; the hub is stable up to 1, alpha 0.25"},
      {"wrong pair", with("star", p::discipline{p::barrier{}}, 1),
       "barrier cannot carry add-delta, which goes with every, in-turn, "
       "bounded, one-of-group"},
      {"gradient to a worker",
       but("d-psgd",
           [](auto& g) {
             g.links.push_back({0, 2, p::gradient{}, p::every{}});
           }),
       "gradient needs a hub"},
      {"gossip with a hub", with("ea-wild", p::exchange{p::pair_average{}}),
       "pair-average is between replicas that step, not for a hub"},
      {"bound without a hub",
       but("all-to-all",
           [](auto& g) {
             g.links.push_back({0, 2, p::add_delta{}, p::bounded{1, 3}});
           }),
       "bounded needs a hub"},
      {"turns without an order",
       but("all-to-all",
           [](auto& g) {
             g.links.push_back({0, 2, p::elastic{}, p::in_turn{}});
           }),
       "in-turn needs a hub"},
      {"no cycle of tokens",
       but("hogwildpp", [](auto& g) { g.links[0].to = 2; }),
       "'replica-1', 'replica-2', 'replica-3' and 'replica-4' must form a "
       "directed cycle, but 'replica-2' has 0 in and 1 out"},
      {"turns, other paces",
       [] {
         p::graph g = system_of("easgd", 2);
         g.links[0].discipline = p::in_turn{9};
         g.links[1].discipline = p::in_turn{10};
         return g;
       },
       "differ in tau; replicas that take turns"},
      {"bounds, other paces", with("ssp", p::discipline{p::bounded{9, 3}}),
       "differ in tau; replicas that wait for the slowest"},
      {"two bounds", with("ssp", p::discipline{p::bounded{{}, 4}}),
       "differ in staleness"},
      {"half a lock", with("ea-wild", p::discipline{p::every{{}, true}}),
       "lock the hub and do not"},
      {"turns and no turns", with("async-easgd", p::discipline{p::in_turn{}}),
       "link 'replica-1' -> 'hub' and link 'replica-2' -> 'hub' meet 'hub' by "
       "different disciplines; where one of them waits"},
      {"a barrier and no barrier",
       with("async-ps", p::discipline{p::barrier{}}),
       "meet 'hub' by different disciplines"},
      {"a bound and no bound", with("ssp", p::discipline{p::every{1, false}}),
       "meet 'hub' by different disciplines"},
      {"a barrier where others come, too",
       [] {
         p::graph g = system_of("ad-psgd", 3);
         g.links.push_back({0, 2, p::custom{"mine"}, p::barrier{}});
         return g;
       },
       "meet 'replica-3' by different disciplines"},
      {"two velocities",
       with("async-ps", p::exchange{p::gradient{p::combine::mean, 0.5}}),
       "differ in momentum"},
      {"two outer steps", with("local-sgd", p::exchange{p::outer_step{1, 0}}),
       "differ in exchange or its numbers; a barrier does one exchange"},
      {"a sum and a mean",
       with("sync", p::exchange{p::gradient{p::combine::sum, 0.0}}),
       "differ in exchange or its numbers"},
      {"two exchanges", with("sync", p::exchange{p::elastic{0.3}}),
       "differ in exchange or its numbers"},
      {"a hub that is only read",
       [] {
         p::graph g = system_of("star", 2);
         g.links[0].exchange = g.links[1].exchange = p::overwrite{};
         return g;
       },
       "'hub' never changes, for overwrite brings nothing"},
      {"updates of two paces",
       with("all-to-all", p::discipline{p::every{50, false}}, 3),
       "differ in tau; a replica tells all neighbours at once"},
      {"neighbours of two paces",
       with("ad-psgd", p::discipline{p::random_neighbour{50}}, 3),
       "differ in tau; a replica draws one neighbour every so often"},
      {"push-sum at a barrier and not",
       with("sgp", p::discipline{p::every{1, false}}),
       "differ in discipline; neighbours meet by the same"},
      {"pushers of two paces", group_with([](p::graph& g) {
         g.links[0].discipline = p::one_of_group{9, false};
       }),
       "push for one group but differ in exchange, tau or pusher"},
      {"two ways to choose a pusher", group_with([](p::graph& g) {
         g.links[0].discipline = p::one_of_group{{}, true};
       }),
       "push for one group but differ"},
      {"a member that does not push",
       group_with([](p::graph& g) { g.links[0].discipline = p::every{}; }),
       "pushes for a group with 'replica-1'; give each member such a link to "
       "'hub'"},
      {"barriers of two paces",
       but("d-psgd", [](auto& g) { g.links[0].discipline = p::barrier{2}; }),
       "differ in tau; a barrier has one clock"},
      {"a reduction along a clique",
       [] {
         p::graph g = system_of("ad-psgd");
         for (p::link& l : g.links) {
           l.exchange = p::all_reduce{};
           l.discipline = p::barrier{};
         }
         return g;
       },
       "form neither a ring nor groups"},
      {"one-way push-sum",
       but("sgp",
           [](auto& g) {
             std::erase_if(g.links, [](auto& l) { return l.to < l.from; });
           }),
       "does not get from each to each other"},
      {"a cycle of waits",
       but("d-psgd",
           [](auto& g) {
             g.replicas.push_back({"hub", 0, {}, {}});
             g.links.push_back({0, 4, p::elastic{}, p::in_turn{}});
             g.links.push_back({2, 4, p::elastic{}, p::in_turn{}});
           }),
       "can wait for each other for ever, in a barrier for mix and turns at "
       "'hub'"},
      {"a token that waits at a barrier",
       but("hogwildpp",
           [](auto& g) {
             g.links.push_back({0, 1, p::mix{}, p::barrier{}});
           }),
       "'replica-2' and 'replica-1' can wait for each other for ever, in a "
       "barrier for mix and a ring of tokens"},
  };
}

}  // namespace

TEST_CASE("validate: one mistake is one sentence that names it") {
  for (const mistake& m : mistakes()) {
    INFO(m.name);
    const auto problems = p::validate(m.make());

    CHECK(problems.size() == 1);
    REQUIRE_FALSE(problems.empty());
    CHECK_THAT(problems.front(), Catch::Contains(m.words));
  }
}

TEST_CASE("validate: a random pusher brings no differences") {
  const auto pushes = [](const p::exchange& rule) {
    p::graph g = p::by_name("ea-wild", {.replicas = 2, .group = 2}).value();
    for (p::link& l : g.links) {
      l.exchange = rule;
      l.discipline = p::one_of_group{{}, true};
    }
    return p::validate(g);
  };

  const auto is_said = [&](const p::exchange& rule) {
    const auto problems = pushes(rule);
    return std::any_of(problems.begin(), problems.end(), [](const auto& each) {
      return each.find(
                 "brings what has been moved since the pusher itself has "
                 "met") != std::string::npos;
    });
  };

  CHECK(is_said(p::add_delta{}));
  CHECK_FALSE(is_said(p::elastic{0.3}));
}

TEST_CASE("validate: momentum and rate have their ranges") {
  p::graph g = system_of("local-sgd", 1);

  g.links[0].exchange = p::outer_step{0.0, 1.0};

  const auto problems = p::validate(g);
  REQUIRE(problems.size() == 2);
  CHECK_THAT(problems[1], Catch::Contains("has momentum 1"));
  CHECK_THAT(problems[0], Catch::Contains("has rate 0; it must be above 0"));
}

TEST_CASE("validate: all places that nobody knows are told") {
  using list = std::vector<std::string>;
  p::graph g = system_of("star", 3);
  g.replicas[1].place = "paris";
  g.replicas[2].place = "tokyo";
  g.replicas[3].place = "tokyo";

  CHECK(p::validate(g).empty());
  CHECK(p::unknown_places(g, list{"paris", "tokyo"}).empty());
  CHECK(p::unknown_places(g, list{"lima"}) ==
        list{"'replica-1' lives on 'paris', which is not known: there are "
             "'lima'",
             "'replica-2' and 'replica-3' live on 'tokyo', which is not known: "
             "there are 'lima'"});
}

TEST_CASE("validate: all problems of a bad graph at once") {
  p::graph g;
  g.replicas = {{"a", 1, {}, {}}, {"a", 0, {}, {}}, {"c", 3, {}, {}}};
  g.links = {{0, 1, p::mix{}, p::every{0, false}}, {2, 2, {}, {}}};

  const auto problems = p::validate(g);

  // name, self, not joined, tau 0, every for mix, mix with a hub
  REQUIRE(problems.size() == 6);
}

TEST_CASE("validate: links that lead nowhere have their other problems told") {
  p::graph g = system_of("star", 2);
  g.links.insert(g.links.begin(), {1, 9, p::add_delta{}, p::every{0, false}});
  g.links.push_back({2, 2, p::elastic{1.5}, p::every{}});

  const auto problems = p::validate(g);

  REQUIRE(problems.size() == 4);
  CHECK_THAT(problems[0], Catch::StartsWith("link 'replica-1' -> 9 goes to"));
  CHECK_THAT(problems[2], Catch::StartsWith("link 'replica-1' -> 9 has tau 0"));
  CHECK_THAT(problems[3], Catch::Contains("has alpha 1.5"));
}

TEST_CASE("validate: groups that wait in a row do not deadlock") {
  p::graph g = p::bridge(p::join(system_of("d-psgd", 3), system_of("sgp", 3)),
                         0, 3, p::all_reduce{}, p::barrier{});

  CHECK(p::validate(g).empty());
}

TEST_CASE("validate: an elastic bridge may join two rings of tokens") {
  const p::graph ring = system_of("hogwildpp", 3);

  const p::graph both =
      p::bridge(p::join(ring, ring), 0, 3, p::elastic{0.1}, p::every{100});

  CHECK(p::validate(both).empty());
}

TEST_CASE("validate: hubs in parts are fine around any hub but for groups") {
  for (const std::string& name : p::names()) {
    const auto split = p::by_name(name, {.replicas = 3, .hubs = 2}).value();
    CHECK(p::validate(split).empty());
  }
  const auto grouped =
      p::by_name("ea-wild", {.replicas = 4, .hubs = 2, .group = 2}).value();
  REQUIRE_FALSE(p::validate(grouped).empty());
  CHECK_THAT(p::validate(grouped)[0],
             Catch::Contains("pushes for its group to a part"));
}

TEST_CASE("validate: a hub's parts are all there, for all, in the same way") {
  p::graph g = p::by_name("star", {.replicas = 2, .hubs = 3}).value();
  const char* words = "";
  SECTION("a part is missing") {
    g.replicas[2].holds.part = 1;
    words = "several hubs with part 1";
  }
  SECTION("somebody meets one of them otherwise") {
    g.links[1].discipline = p::every{7};
    words = "no hub with part 1 in the same way";
  }
  SECTION("a number beyond the last") {
    g.replicas[0].holds.part = 3;
    words = "'hub-1' holds part 3 of 3; parts are numbered from 0";
  }
  SECTION("parts of a replica that steps") {
    g.replicas[3].holds = {1, 2};
    words = "'replica-1' has workers and holds a part of the parameters";
  }

  const auto problems = p::validate(g);

  REQUIRE_FALSE(problems.empty());
  CHECK_THAT(problems[0], Catch::Contains(words));
}

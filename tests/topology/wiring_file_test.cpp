#include "topology/wiring_file.hpp"

#include <catch2/catch.hpp>

#include "topology/compose.hpp"
#include "topology/systems.hpp"

namespace p = sounder::topology;

namespace {

/// The complaint about a text.
std::string complaint(const std::string& text) {
  try {
    p::parse_wiring(text, "my.json");
  } catch (const p::wiring_error& e) {
    return e.what();
  }
  return "";
}

std::string with_link(const std::string& members) {
  return "{\"replicas\": 2, \"links\": [{" + members + "}]}";
}

const char* const two_rings = R"({
  // Two rings of tokens and an elastic bridge.
  "join": [
    {"name": "paris", "system": "hogwildpp", "replicas": 3, "workers": 2},
    {"name": "tokyo", "system": "hogwildpp", "replicas": 3, "workers": 2}
  ],
  "links": [
    {"from": "paris/replica-1", "to": "tokyo/replica-1",
     "exchange": {"name": "elastic", "alpha": 0.1},
     "discipline": {"name": "every", "tau": 100}}
  ]
})";

}  // namespace

TEST_CASE("wiring file: every system comes back as it was") {
  for (const std::string& name : p::names()) {
    for (const unsigned replicas : {1U, 2U, 4U}) {
      INFO(name << " of " << replicas);
      const p::wiring_options options{.replicas = replicas,
                                      .workers = 3,
                                      .sharing = {16, 100},
                                      .tau = 7,
                                      .alpha = 0.1,
                                      .staleness = 2,
                                      .push = 3,
                                      .fetch = 4,
                                      .group = 2,
                                      .random_pusher = true,
                                      .form = p::token_form::reference,
                                      .outer_rate = 1.0 / 3.0};
      const std::string text =
          p::write_wiring(p::by_name(name, options).value());

      const p::graph again = p::parse_wiring(text);

      CHECK(p::write_wiring(again) == text);
      CHECK(p::validate(again).empty());
    }
  }
}

TEST_CASE("wiring file: fields survive, defaults stay unsaid") {
  p::graph g = p::by_name("local-sgd", {.replicas = 1, .tau = 9}).value();
  g.links[0].exchange = p::outer_step{1.0 / 3.0, 0.9};
  g.replicas[1].place = "paris";
  g.replicas[1].sharing = p::coordinate_lock{};

  const std::string text = p::write_wiring(g);
  const p::graph again = p::parse_wiring(text);

  CHECK(text ==
        R"({
  "replicas": [
    {"name": "hub", "workers": 0},
    {"name": "replica-1", "workers": 1, "sharing": "coordinate-lock", "place": "paris"}
  ],
  "links": [
    {"from": "replica-1", "to": "hub", "exchange": {"name": "outer-step", "rate": 0.3333333333333333}, "discipline": {"name": "barrier", "tau": 9}}
  ]
}
)");
  const auto& rule = std::get<p::outer_step>(again.links[0].exchange);
  CHECK(rule.rate == 1.0 / 3.0);
  CHECK(rule.momentum == 0.9);
  CHECK(again.replicas[1].place == "paris");
}

TEST_CASE("wiring file: a rule of one's own comes back by its name") {
  p::graph g = p::by_name("ad-psgd", {}).value();
  g.links[0].exchange = p::custom{"mine"};

  const std::string text = p::write_wiring(g);

  CHECK_THAT(text, Catch::Contains(R"({"name": "custom", "rule": "mine"})"));
  CHECK(p::name(p::parse_wiring(text).links[0].exchange) == "mine");
}

TEST_CASE("wiring file: what EAMSGD steps by comes back") {
  const std::string text = p::write_wiring(p::by_name("eamsgd", {}).value());

  CHECK_THAT(text, Catch::StartsWith("{\n  \"optimizer\": \"nesterov\",\n"));
  CHECK(p::parse_wiring(text).optimizer == "nesterov");
  CHECK(p::parse_wiring(R"({"system": "eamsgd"})").optimizer == "nesterov");
  CHECK(p::parse_wiring(R"({"system": "eamsgd", "optimizer": "adam"})")
            .optimizer == "adam");
  CHECK(p::parse_wiring(R"({"join": [{"system": "star"},
                                     {"system": "eamsgd"}]})")
            .optimizer == "nesterov");
}

TEST_CASE("wiring file: a link of mix may have a weight") {
  const p::graph g = p::parse_wiring(with_link(
      R"("from": 0, "to": 1, "exchange": {"name": "mix", "weight": 0.25},
         "discipline": "barrier")"));

  CHECK(std::get<p::mix>(g.links[0].exchange).weight == 0.25);
  CHECK_THAT(p::write_wiring(g),
             Catch::Contains(R"({"name": "mix", "weight": 0.25})"));
}

TEST_CASE("wiring file: a link says how it compresses, or nothing") {
  for (const p::compression& how :
       {p::compression{p::fp16{}}, p::compression{p::bf16{}},
        p::compression{p::int8{}}, p::compression{p::top_k{0.25}}}) {
    const std::string text =
        p::write_wiring(p::by_name("star", {.compress = how}).value());
    const p::graph again = p::parse_wiring(text);

    CHECK(p::write_wiring(again) == text);
    CHECK(again.links[1].compression.index() == how.index());
    CHECK(p::validate(again).empty());
  }
  p::graph g = p::by_name("star", {.compress = p::top_k{0.25}}).value();
  CHECK_THAT(
      p::write_wiring(g),
      Catch::Contains(R"("compression": {"name": "top-k", "fraction": 0.25})"));
  g.links[0].compression = p::top_k{};
  CHECK_THAT(p::write_wiring(g), Catch::Contains(R"("compression": "top-k"})"));
  CHECK(p::write_wiring(p::by_name("star", {}).value()).find("compression") ==
        std::string::npos);
}

TEST_CASE("wiring file: a system and its joined copies compress alike") {
  const p::graph g = p::parse_wiring(R"({"join": [
    {"system": "star", "compression": "int8"},
    {"system": "easgd", "compression": {"name": "top-k", "fraction": 0.1}}],
    "links": [{"from": "replica-1", "to": "replica-1-2",
               "exchange": "elastic", "discipline": "every",
               "compression": "none"}]})");

  CHECK(std::holds_alternative<p::int8>(g.links[0].compression));
  CHECK(std::get<p::top_k>(g.links[3].compression).fraction == 0.1);
  CHECK(std::holds_alternative<p::as_is>(g.links[4].compression));
}

TEST_CASE("wiring file: broken graphs come back, too") {
  p::graph g;
  g.replicas = {{"a", 1, {}, {}}, {"a", 0, {}, {}}};
  g.links = {{0, 7, p::mix{}, p::every{0, true}}, {1, 1, {}, {}}};

  const p::graph again = p::parse_wiring(p::write_wiring(g));

  CHECK(again.links[0].to == 7);
  CHECK(p::validate(again) == p::validate(g));
  CHECK(p::parse_wiring(p::write_wiring({})).replicas.empty());
}

TEST_CASE("wiring file: ten lines make two rings and a bridge") {
  const p::graph g = p::parse_wiring(two_rings);

  CHECK(p::validate(g).empty());
  CHECK(g.replicas.size() == 6);
  CHECK(p::workers(g) == 12);
  REQUIRE(g.links.size() == 7);
  CHECK(g.links[6].from == 0);
  CHECK(g.links[6].to == 3);
}

TEST_CASE("wiring file: a name stands for its numbered replicas") {
  const p::graph g = p::parse_wiring(R"({
    "replicas": [{"name": "hub", "workers": 0},
                 {"name": "worker", "count": 4}],
    "links": [{"from": "worker", "to": "hub", "exchange": "add-delta",
               "discipline": "every"},
              {"among": ["worker-1", "worker-2"], "shape": "ring",
               "exchange": "pair-average", "discipline": "random-neighbour"}]
  })");

  CHECK(p::validate(g).empty());
  REQUIRE(g.links.size() == 5);
  CHECK(g.links[3].from == 4);
  CHECK(g.links[4].to == 2);
}

TEST_CASE("wiring file: numbers will do for names, null for the default") {
  const p::graph g = p::parse_wiring(with_link(
      R"("from": 0, "to": [1, "replica-1"], "exchange": "elastic",
         "discipline": {"name": "every", "tau": null})"));

  REQUIRE(g.links.size() == 2);
  CHECK(g.links[0].to == 1);
  CHECK(g.links[1].to == 0);
  CHECK_FALSE(std::get<p::every>(g.links[0].discipline).tau);
}

TEST_CASE("wiring file: complaints say where and what is allowed") {
  const auto [text, expected] = GENERATE(table<std::string, std::string>({
      {"{\n\"replicas\": 2,\n]", "my.json:3: "},
      {"", "my.json:1: "},
      {"[]", "my.json:1: [] is not an object in braces"},
      {"{}", "my.json:1: 'replicas' is missing"},
      {"{\"replicas\": -1}", "replicas: -1 is not a whole number"},
      {"{\"replicas\": 1e9}", "1000000000.0 is not a whole number"},
      {"{\"replicas\": 100000}", "replicas: more than 1024 replicas"},
      {"{\"replicas\": 2, \"replicas\": 3}",
       "the key \"replicas\" is there twice"},
      {"{\"replica\": 2}", "replica: unknown key; known here are replicas"},
      {"{\"replicas\": [{\"workers\": 1}]}", "replicas[0]: 'name' is missing"},
      {"{\"replicas\": [{\"name\": \"a\", \"sharing\": \"locked\"}]}",
       "replicas[0].sharing: 'locked' is none of lock-free, write-lock"},
      {"{\"replicas\": [{\"name\": 3}]}",
       "replicas[0].name: 3 is not a text in quotes"},
      {"{\"replicas\": [], \"links\": {}}", "links: {} is not a list"},
      {with_link(""), "links[0]: 'exchange' is missing"},
      {with_link("\"exchange\": \"elastik\""),
       "links[0].exchange: 'elastik' is none of add-delta, overwrite"},
      {with_link("\"exchange\": {\"name\": \"elastic\", \"beta\": 1}"),
       "links[0].exchange.beta: unknown key; known here are name, alpha"},
      {with_link("\"exchange\": {\"name\": \"elastic\", \"alpha\": \"x\"}"),
       "links[0].exchange.alpha: \"x\" is not a number"},
      {with_link("\"exchange\": {\"name\": \"gradient\", \"combine\": 1}"),
       "links[0].exchange.combine: 1 is not one of \"mean\", \"sum\""},
      {with_link("\"exchange\": \"mix\", \"discipline\": \"never\""),
       "links[0].discipline: 'never' is none of every, push-fetch"},
      {with_link("\"exchange\": \"mix\", \"discipline\": \"barrier\""),
       "links[0]: 'from' is missing"},
      {with_link("\"exchange\": \"mix\", \"discipline\": \"barrier\", "
                 "\"from\": \"replica-3\", \"to\": 1"),
       "links[0].from: no replica is called 'replica-3'; there are replica-1"},
      {with_link("\"exchange\": \"mix\", \"discipline\": \"barrier\", "
                 "\"among\": \"replica\", \"shape\": \"circle\""),
       "links[0].shape: 'circle' is none of ring, clique"},
      {with_link("\"exchange\": \"elastic\", \"discipline\": \"every\", "
                 "\"compression\": \"zip\""),
       "links[0].compression: 'zip' is none of none, fp16, bf16, int8, top-k"},
      {with_link("\"exchange\": \"elastic\", \"discipline\": \"every\", "
                 "\"compression\": {\"name\": \"fp16\", \"fraction\": 1}"),
       "links[0].compression.fraction: unknown key; known here are name"},
      {"{\"system\": \"star\", \"compression\": 16}",
       "compression: 16 is not an object in braces"},
      {with_link("\"form\": \"paper\""), "links[0].form: unknown key"},
      {"{\"system\": \"star\", \"tua\": 1}", "tua: unknown key"},
      {"{\"system\": \"hogwild\", \"replicas\": 4}",
       "replicas: hogwild has one replica; give it workers"},
      {"{\"system\": \"star\", \"shape\": \"blob\"}",
       "'blob' is no shape; there are ring, clique"},
      {"{\"join\": [{\"system\": \"eamsgd\"}, {\"replicas\": 1, "
       "\"optimizer\": \"adam\"}]}",
       "join[1]: steps by adam, a part before it by nesterov"},
      {"{\"system\": \"sta\"}", "system: 'sta' is none of serial, hogwild"},
      {"{\"system\": \"d-psgd\", \"shape\": \"hypercube\", \"replicas\": 3}",
       "a hypercube has 1, 2, 4, 8"},
      {"{\"join\": [{\"system\": \"star\", \"tau\": -3}]}",
       "join[0].tau: -3 is not a whole number from 0 up"},
  }));
  INFO(text);

  CHECK_THAT(complaint(text), Catch::StartsWith("my.json"));
  CHECK_THAT(complaint(text), Catch::Contains(expected));
  CHECK(complaint(text).find('\n') == std::string::npos);
}

TEST_CASE("wiring file: a file that is not there is a complaint") {
  CHECK_THROWS_WITH(p::read_wiring("/no/such.json"),
                    "/no/such.json: cannot be read");
  CHECK_THROWS_WITH(p::read_wiring("/"), "/: cannot be read");
}

TEST_CASE("wiring file: a hub in parts") {
  const p::graph split = p::parse_wiring(
      R"({"replicas": [{"name": "hub", "workers": 0, "count": 2, "split": true},
                       {"name": "worker", "count": 3}],
          "links": [{"from": "worker", "to": "hub", "exchange": "add-delta",
                     "discipline": {"name": "every", "tau": 4}}]})");

  CHECK(p::validate(split).empty());
  REQUIRE(split.replicas.size() == 5);
  CHECK(split.replicas[1].holds.part == 1);
  CHECK(split.replicas[1].holds.parts == 2);
  CHECK(split.links.size() == 6);
  const p::graph again = p::parse_wiring(p::write_wiring(split));
  CHECK(again.replicas[1].holds.part == 1);
  CHECK(again.replicas[1].holds.parts == 2);
  CHECK(p::write_wiring(again) == p::write_wiring(split));
}

TEST_CASE("wiring file: an unknown name is answered with what was meant") {
  const auto [text, problem] = GENERATE(table<std::string, std::string>({
      {R"({"systm": "star"})",
       "systm: unknown key; known here are replicas, "
       "links, optimizer, system, join; did you mean "
       "system?"},
      {R"({"alpha": 0.1, "systm": "star"})", "did you mean system?"},
      {R"({"jion": []})", "did you mean join?"},
      {R"({"replcias": 2})", "did you mean replicas?"},
      {R"({"system": "easdg"})", "did you mean easgd?"},
      {R"({"system": "star", "tua": 1})", "did you mean tau?"},
      {R"({"system": "hogwildpp", "form": "papr"})",
       "form: 'papr' is none of paper, reference; did you mean paper?"},
      {R"({"replicas": 2, "optimizer": "adma"})", "did you mean adam?"},
      {R"({"replicas": [{"name": "a", "sharing": "writelock"}]})",
       "did you mean write-lock?"},
      {with_link(R"("from": 0, "to": 1, "exchange": "elastik",
                    "discipline": "every")"),
       "did you mean elastic?"},
      {with_link(R"("from": 0, "to": 1, "exchange": "mix",
                    "discipline": "barier")"),
       "did you mean barrier?"},
      {with_link(R"("from": 0, "to": "replica", "exchnage": "mix")"),
       "did you mean exchange?"},
      {with_link(R"("from": "replca-1", "to": 1, "exchange": "mix",
                    "discipline": "barrier")"),
       "did you mean replica-1?"},
      {with_link(R"("among": "replica", "shape": "rign", "exchange": "mix",
                    "discipline": "barrier")"),
       "did you mean ring?"},
      {with_link(R"("from": 0, "to": 1, "discipline": "every",
                    "exchange": {"name": "gradient", "combine": "men"})"),
       "combine: 'men' is none of mean, sum; did you mean mean?"},
  }));
  INFO(text);

  CHECK_THAT(complaint(text), Catch::Contains(problem));
}

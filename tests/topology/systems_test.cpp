#include "topology/systems.hpp"

#include <stdexcept>

#include <catch2/catch.hpp>

#include "topology/shapes.hpp"
#include "topology/system_cards.hpp"
#include "topology/wiring_file.hpp"

namespace p = sounder::topology;

namespace {

p::graph make(const std::string& name, unsigned replicas) {
  return p::by_name(name, {.replicas = replicas, .workers = 2}).value();
}

struct expected_system {
  const char* name;
  const char* exchange;
  const char* discipline;
  bool has_hub;
  unsigned links_of_8;
};

// Degree 2 of 8 in a ring, 8 * 3 directed hops, 4 members to their leaders
// and a ring of 4 leaders.
constexpr expected_system joined[] = {
    {"sync", "gradient", "barrier", true, 8},
    {"allreduce", "all-reduce", "barrier", false, 8},
    {"hierarchical", "all-reduce", "barrier", false, 8},
    {"star", "add-delta", "every", true, 8},
    {"star-in-turn", "add-delta", "in-turn", true, 8},
    {"async-ps", "gradient", "every", true, 8},
    {"downpour", "gradient", "push-fetch", true, 8},
    {"async-msgd", "gradient", "every", true, 8},
    {"easgd", "elastic", "in-turn", true, 8},
    {"async-easgd", "elastic", "every", true, 8},
    {"eamsgd", "elastic", "every", true, 8},
    {"ea-wild", "elastic", "every", true, 8},
    {"hogwildpp", "token-merge", "on-token", false, 8},
    {"all-to-all", "broadcast-delta", "every", false, 28},
    {"ad-psgd", "pair-average", "random-neighbour", false, 28},
    {"d-psgd", "mix", "barrier", false, 8},
    {"sgp", "push-sum", "barrier", false, 24},
    {"ssp", "add-delta", "bounded", true, 8},
    {"local-sgd", "outer-step", "barrier", true, 8},
};

}  // namespace

TEST_CASE("systems: every name builds a graph that is fine") {
  for (const std::string& name : p::names()) {
    for (const unsigned replicas : {1U, 2U, 3U, 4U, 8U}) {
      INFO(name << " of " << replicas);

      REQUIRE(p::validate(make(name, replicas)).empty());
    }
  }
}

TEST_CASE("systems: each is graph x exchange x discipline") {
  for (const expected_system& e : joined) {
    INFO(e.name);
    const p::graph graph = make(e.name, 8);

    CHECK(graph.links.size() == e.links_of_8);
    CHECK(graph.replicas.front().is_hub() == e.has_hub);
    CHECK(graph.replicas.back().name == "replica-8");
    CHECK(p::workers(graph) == 16);
    for (const p::link& link : graph.links) {
      CHECK(p::name(link.exchange) == e.exchange);
      CHECK(p::name(link.discipline) == e.discipline);
      CHECK((!e.has_hub || link.to == 0));
    }
  }
  REQUIRE(std::size(joined) + p::one_replica_names().size() ==
          p::names().size());
}

TEST_CASE("systems: workers of one replica share as the name says") {
  for (const std::string& name : p::one_replica_names()) {
    for (const unsigned workers : {1U, 2U, 8U}) {
      INFO(name << " on " << workers);
      const p::graph graph = p::by_name(name, {.workers = workers}).value();

      REQUIRE(graph.replicas.size() == 1);
      REQUIRE(p::workers(graph) == (name == "serial" ? 1 : workers));
    }
  }
  const auto sharing = [](const char* name) {
    return make(name, 1).replicas.front().sharing.index();
  };
  REQUIRE(sharing("locked") == p::locked(2).replicas.front().sharing.index());
  REQUIRE(sharing("aig") == p::aig(2).replicas.front().sharing.index());
  REQUIRE(sharing("round-robin") ==
          p::round_robin(2).replicas.front().sharing.index());
}

TEST_CASE("systems: one replica without a hub has nobody to join") {
  for (const expected_system& e : joined) {
    INFO(e.name);
    REQUIRE(make(e.name, 1).links.size() == (e.has_hub ? 1 : 0));
  }
}

TEST_CASE("systems: ea-wild's groups are synchronous rings") {
  const p::graph graph =
      p::by_name("ea-wild",
                 {.replicas = 7, .tau = 5, .group = 3, .random_pusher = true})
          .value();

  REQUIRE(p::validate(graph).empty());
  REQUIRE(graph.links.size() == 7 + 3 + 3);
  const auto& push = std::get<p::one_of_group>(graph.links[0].discipline);
  CHECK(push.tau == 5U);
  CHECK(push.random);
  for (std::size_t i = 7; i < graph.links.size(); ++i) {
    const p::link& inside = graph.links[i];
    CHECK((inside.from - 1) / 3 == (inside.to - 1) / 3);
    CHECK(std::holds_alternative<p::all_reduce>(inside.exchange));
    CHECK(std::get<p::barrier>(inside.discipline).tau == 1);
  }
}

TEST_CASE("systems: options reach the exchange and the discipline") {
  const auto first = [](const char* name, const p::wiring_options& options) {
    return p::by_name(name, options).value().links.front();
  };

  CHECK(std::get<p::elastic>(first("easgd", {.alpha = 0.25}).exchange).alpha ==
        0.25);
  CHECK(std::get<p::every>(first("async-easgd", {}).discipline).locked);
  CHECK_FALSE(std::get<p::every>(first("ea-wild", {}).discipline).locked);
  CHECK(std::get<p::gradient>(first("async-msgd", {.momentum = 0.5}).exchange)
            .momentum == 0.5);
  CHECK(std::get<p::bounded>(first("ssp", {.staleness = 7}).discipline)
            .staleness == 7);
  CHECK(std::get<p::push_fetch>(
            first("downpour", {.push = 2, .fetch = 5}).discipline)
            .fetch == 5);
  CHECK(std::get<p::on_token>(first("hogwildpp", {.tau = 9}).discipline).tau0 ==
        9U);
  CHECK(std::get<p::token_merge>(
            first("hogwildpp", {.form = p::token_form::reference}).exchange)
            .form == p::token_form::reference);
  CHECK(std::get<p::barrier>(first("sync", {}).discipline).tau == 1);
  CHECK(std::get<p::barrier>(first("local-sgd", {.tau = 8}).discipline).tau ==
        8);
  CHECK(std::get<p::outer_step>(
            first("local-sgd", {.outer_rate = 1, .outer_momentum = 0}).exchange)
            .rate == 1);
}

TEST_CASE("systems: gossip runs on the shape one asks for") {
  for (const std::string& shape : p::shapes::names()) {
    INFO(shape);
    const p::wiring_options options{.replicas = 8, .shape = shape};

    const auto graph = p::by_name("d-psgd", options).value();

    REQUIRE(graph.links.size() == p::shapes::by_name(shape, 8)->size());
    REQUIRE(p::validate(graph).empty());
  }
  CHECK_THROWS_WITH(p::by_name("d-psgd", {.shape = "circle"}),
                    Catch::Contains("'circle' is no shape; there are ring,"));
  CHECK_THROWS_WITH(
      p::by_name("ad-psgd", {.replicas = 6, .shape = "hypercube"}),
      Catch::Contains("1, 2, 4, 8, ... replicas, not 6"));
}

TEST_CASE("systems: unknown names build nothing, too many replicas throw") {
  REQUIRE_FALSE(p::by_name("hogwild!", {}));
  REQUIRE_FALSE(p::by_name("", {}));
  REQUIRE_FALSE(p::by_name("HOGWILD", {}));
  REQUIRE_THROWS_AS(p::by_name("all-to-all", {.replicas = 100'000}),
                    std::invalid_argument);
}

TEST_CASE("systems: no replica or no worker is a problem whoever builds it") {
  for (const std::string& name : p::names()) {
    INFO(name);
    const auto no_worker = p::by_name(name, {.workers = 0}).value();
    const auto no_replica = p::by_name(name, {.replicas = 0}).value();

    CHECK(p::validate(no_worker).empty() == (name == "serial"));
    CHECK(
        p::validate(no_replica).empty() ==
        (no_replica.replicas.size() == 1 && !no_replica.replicas[0].is_hub()));
  }
}

TEST_CASE("systems: ring is what people call HOGWILD++") {
  CHECK(p::write_wiring(make("ring", 3)) ==
        p::write_wiring(make("hogwildpp", 3)));
}

TEST_CASE("each system has a card, in order, that says what it is") {
  const auto cards = p::system_cards();

  REQUIRE(cards.size() == p::names().size());
  for (std::size_t k = 0; k < cards.size(); ++k) {
    CHECK(cards[k].name == p::names()[k]);
    CHECK(!cards[k].summary.empty());
    CHECK(cards[k].summary.size() <= 60);
  }
}

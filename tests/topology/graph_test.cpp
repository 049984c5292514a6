#include "topology/graph.hpp"

#include <algorithm>
#include <string>

#include <catch2/catch.hpp>

namespace p = sounder::topology;

namespace {

bool names_one_with(const std::vector<std::string>& problems,
                    const std::string& words) {
  return std::any_of(problems.begin(), problems.end(), [&](const auto& text) {
    return text.find(words) != std::string::npos;
  });
}

}  // namespace

TEST_CASE("graph: every name builds a graph that is fine") {
  for (const std::string& name : p::names()) {
    for (const unsigned workers : {1U, 2U, 3U, 8U}) {
      INFO(name << " on " << workers);
      const auto graph = p::by_name(name, workers);

      REQUIRE(graph);
      REQUIRE(p::validate(*graph).empty());
      REQUIRE(graph->replicas.size() == 1);
      REQUIRE(p::workers(*graph) == (name == "serial" ? 1 : workers));
    }
  }
}

TEST_CASE("graph: unknown names build nothing") {
  REQUIRE_FALSE(p::by_name("hogwild!", 2));
  REQUIRE_FALSE(p::by_name("", 2));
  REQUIRE_FALSE(p::by_name("HOGWILD", 2));
}

TEST_CASE("graph: builders say how the workers share") {
  const auto sharing = [](const p::graph& graph) {
    return graph.replicas.front().sharing;
  };

  REQUIRE(std::holds_alternative<p::lock_free>(sharing(p::hogwild(2))));
  REQUIRE(std::holds_alternative<p::write_lock>(sharing(p::locked(2))));
  REQUIRE(std::holds_alternative<p::coordinate_lock>(sharing(p::aig(2))));
  REQUIRE(std::holds_alternative<p::cyclic_turns>(sharing(p::round_robin(2))));
  REQUIRE(std::get<p::lock_free>(sharing(p::serial())).head == 0U);
  REQUIRE_FALSE(std::get<p::lock_free>(sharing(p::hogwild(2))).head);
  REQUIRE(std::get<p::lock_free>(sharing(p::hogwild(2, {64, 100}))).head ==
          64U);
}

TEST_CASE("graph: names and builders agree") {
  REQUIRE(p::by_name("locked", 3)->replicas.front().sharing.index() ==
          p::locked(3).replicas.front().sharing.index());
  REQUIRE(p::by_name("aig", 3)->replicas.front().sharing.index() ==
          p::aig(3).replicas.front().sharing.index());
  REQUIRE(p::by_name("round-robin", 3)->replicas.front().sharing.index() ==
          p::round_robin(3).replicas.front().sharing.index());
}

TEST_CASE("graph: validate lists all problems at once") {
  p::graph graph;
  graph.replicas = {{"a", 0, p::write_lock{}}, {"a", 5000, p::lock_free{0, 0}}};

  const auto problems = p::validate(graph);

  REQUIRE(problems.size() == 5);
  REQUIRE(names_one_with(problems, "replica 'a' has no worker"));
  REQUIRE(names_one_with(problems, "two replicas are called 'a'"));
  REQUIRE(names_one_with(problems, "5000 workers; at most 1024"));
  REQUIRE(names_one_with(problems, "every 0 samples"));
  REQUIRE(names_one_with(problems, "2 replicas and nothing that joins them"));
}

TEST_CASE("graph: no replica is a problem") {
  REQUIRE(p::validate({}) ==
          std::vector<std::string>{"the graph has no replica"});
}

TEST_CASE("graph: 0 workers is a problem whoever builds it") {
  for (const std::string& name : p::names()) {
    const bool is_fine = p::validate(*p::by_name(name, 0)).empty();
    REQUIRE(is_fine == (name == "serial"));
  }
}

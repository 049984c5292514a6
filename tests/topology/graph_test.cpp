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

TEST_CASE("graph: validate lists all problems at once") {
  p::graph graph;
  graph.replicas = {{"a", 0, p::write_lock{}, {}},
                    {"a", 5000, p::lock_free{0, 0}, {}}};

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

#include "topology/drawing.hpp"

#include <catch2/catch.hpp>

#include "topology/dot.hpp"
#include "topology/systems.hpp"

namespace p = sounder::topology;

namespace {

p::graph system_of(const char* name, unsigned replicas) {
  return p::by_name(name, {.replicas = replicas}).value();
}

}  // namespace

TEST_CASE("drawing: every system has a picture, whatever its size") {
  for (const std::string& name : p::names()) {
    for (const unsigned replicas : {1U, 2U, 5U, 40U}) {
      INFO(name << " of " << replicas);
      const p::graph graph = system_of(name.c_str(), replicas);

      CHECK_FALSE(p::draw(graph).empty());
      CHECK_THAT(p::dot(graph), Catch::StartsWith("digraph wiring {\n") &&
                                    Catch::EndsWith("}\n"));
    }
  }
}

TEST_CASE("drawing: directed links have arrows in the matrix") {
  CHECK_THAT(p::draw(system_of("sgp", 5)),
             Catch::Contains("replica-1  \\ ↔ → ← ↔\n"));
}

TEST_CASE("drawing: long rings are cut and say by how many") {
  CHECK_THAT(p::draw(system_of("hogwildpp", 40)),
             Catch::Contains("replica-15 → ... 25 more ... → replica-1\n"));
}

TEST_CASE("drawing: Graphviz gets places as clusters and names as they are") {
  p::graph g = system_of("star", 2);
  g.replicas[1].name = "a \"b\" \\c";
  g.replicas[2].place = "paris";

  const std::string text = p::dot(g);

  CHECK_THAT(text, Catch::Contains("label=\"a \\\"b\\\" \\\\c\\n1 worker\""));
  CHECK_THAT(text, Catch::Contains("subgraph cluster_0 {\n  label=\"paris\""));
  CHECK_THAT(text, Catch::Contains("r0 [label=\"hub\", shape=box];"));
}

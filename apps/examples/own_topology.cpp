// A graph that nobody shipped: two HOGWILD++ rings, and an elastic bridge
// between their first replicas.

#include <cstdio>

#include "topology/compose.hpp"
#include "topology/drawing.hpp"
#include "topology/systems.hpp"

int main() {
  namespace t = sounder::topology;
  const t::graph ring =
      t::by_name("hogwildpp", {.replicas = 3, .workers = 2}).value();

  t::graph both = t::join(ring, ring);
  both = t::bridge(both, 0, 3, t::elastic{0.1}, t::every{100});

  const auto problems = t::validate(both);
  for (const std::string& problem : problems) {
    std::puts(problem.c_str());
  }
  std::fputs(t::draw(both).c_str(), stdout);
  return problems.empty() ? 0 : 1;
}

// Whatever the text: what is accepted comes back the same from its own text,
// and validate has an opinion on it.

#include "tests/fuzz/fuzz.hpp"
#include "topology/graph.hpp"
#include "topology/systems.hpp"
#include "topology/wiring_file.hpp"

std::vector<std::string> sounder::fuzz::seeds() {
  std::vector<std::string> all = {
      R"({"system": "ea-wild", "replicas": 4, "group": 2, "tau": 8})",
      R"({"join": [{"name": "a", "system": "hogwildpp", "replicas": 3},
                   {"name": "b", "system": "hogwildpp", "replicas": 3}],
          "links": [{"from": "a/replica-1", "to": "b/replica-1",
                     "exchange": {"name": "elastic", "alpha": 0.1},
                     "discipline": {"name": "every", "tau": 9}}]})",
      R"({"replicas": [{"name": "hub", "workers": 0},
                       {"name": "w", "count": 3, "place": "here"}],
          "links": [{"from": "w", "to": "hub", "exchange": "add-delta",
                     "discipline": "every",
                     "compression": {"name": "top-k", "fraction": 0.1}},
                    {"among": "w", "shape": "ring", "exchange": "mix",
                     "discipline": "barrier"}]}  // all of it)"};
  for (const std::string& name : topology::names()) {
    all.push_back(
        topology::write_wiring(*topology::by_name(name, {.replicas = 3})));
  }
  return all;
}

int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace sounder;
  constexpr std::size_t quick = 2000;  // links that validate takes no time for
  try {
    const auto graph = topology::parse_wiring(fuzz::text_of(data, size));
    if (graph.links.size() <= quick) {
      const std::string text = topology::write_wiring(graph);
      const auto again = topology::parse_wiring(text);
      fuzz::promise(topology::write_wiring(again) == text,
                    "a graph comes back from its text");
      fuzz::promise(topology::validate(again) == topology::validate(graph),
                    "and so do its problems");
    }
  } catch (const topology::wiring_error&) {
  }
  return 0;
}

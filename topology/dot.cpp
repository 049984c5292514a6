#include "topology/dot.hpp"

#include <map>
#include <set>

#include "topology/describe.hpp"

namespace sounder::topology {

namespace {

/// Between quotes. A backslash stays one.
std::string quoted(const std::string& text) {
  std::string out = "\"";
  for (const char c : text) {
    out += c == '"' || c == '\\' ? std::string("\\") + c
           : c == '\n'           ? std::string("\\n")
                                 : std::string(1, c);
  }
  return out + "\"";
}

std::string title_of(const link& l) {
  return describe(l.exchange) + "\n" + describe(l.discipline) +
         (std::holds_alternative<as_is>(l.compression)
              ? ""
              : "\n" + describe(l.compression));
}

std::string node_of(const graph& wiring, std::size_t i) {
  const replica& r = wiring.replicas[i];
  return "r" + std::to_string(i) + " [label=" +
         quoted(r.is_hub() ? r.name : r.name + "\n" + describe(r)) +
         (r.is_hub() ? ", shape=box" : "") + "];\n";
}

}  // namespace

std::string dot(const graph& wiring) {
  std::set<std::string> titles;
  for (const link& l : wiring.links) {
    titles.insert(title_of(l));
  }
  std::string text = "digraph wiring {\n";
  if (titles.size() == 1) {
    text += "  label=" + quoted(*titles.begin()) + ";\n";
  }
  std::map<std::string, std::string> places;
  for (std::size_t i = 0; i < wiring.replicas.size(); ++i) {
    places[wiring.replicas[i].place] += "  " + node_of(wiring, i);
  }
  std::size_t number = 0;
  for (const auto& [place, nodes] : places) {
    text += place.empty()
                ? nodes
                : "  subgraph cluster_" + std::to_string(number++) +
                      " {\n  label=" + quoted(place) + ";\n" + nodes + "  }\n";
  }
  for (const link& l : wiring.links) {
    text += "  r" + std::to_string(l.from) + " -> r" + std::to_string(l.to);
    const std::string label =
        titles.size() == 1 ? "" : "label=" + quoted(title_of(l));
    const std::string arrow = is_symmetric(l.exchange) ? "dir=none" : "";
    const std::string both = label.empty() || arrow.empty() ? "" : ", ";
    text += label.empty() && arrow.empty()
                ? ";\n"
                : " [" + label + both + arrow + "];\n";
  }
  return text + "}\n";
}

}  // namespace sounder::topology

#include "topology/compose.hpp"

#include <algorithm>
#include <set>
#include <utility>

namespace sounder::topology {

namespace {

std::string free_name(const std::string& wanted,
                      const std::set<std::string>& taken) {
  std::string name = wanted;
  for (unsigned number = 2; taken.contains(name); ++number) {
    name = wanted + "-" + std::to_string(number);
  }
  return name;
}

/// Adds links of a graph whose replicas have become those from `first` on.
void append(std::vector<link>& all, const std::vector<link>& more,
            std::size_t first) {
  for (link l : more) {
    l.from += first;
    l.to += first;
    all.push_back(std::move(l));
  }
}

void keep_rule(graph& all, const graph& more) {
  if (all.optimizer.empty()) {
    all.optimizer = more.optimizer;
  }
}

/// The first replica that is a hub as `old` is, or steps as it does; else 0.
std::size_t first_like(const replica& old, const graph& wiring) {
  const auto like = std::find_if(
      wiring.replicas.begin(), wiring.replicas.end(),
      [&](const replica& r) { return r.is_hub() == old.is_hub(); });
  return like == wiring.replicas.end()
             ? 0
             : static_cast<std::size_t>(like - wiring.replicas.begin());
}

}  // namespace

graph wire(std::vector<replica> replicas, const edges& pairs,
           const exchange& rule, const discipline& when) {
  graph wiring{std::move(replicas), {}};
  wiring.links.reserve(pairs.size());
  for (const edge& e : pairs) {
    wiring.links.push_back({e.from, e.to, rule, when});
  }
  return wiring;
}

graph join(graph a, const graph& b) {
  const std::size_t first = a.replicas.size();
  std::set<std::string> taken;
  for (const replica& r : a.replicas) {
    taken.insert(r.name);
  }
  for (replica r : b.replicas) {
    r.name = free_name(r.name, taken);
    taken.insert(r.name);
    a.replicas.push_back(std::move(r));
  }
  append(a.links, b.links, first);
  keep_rule(a, b);
  return a;
}

graph bridge(graph wiring, std::size_t from, std::size_t to,
             const exchange& rule, const discipline& when) {
  wiring.links.push_back({from, to, rule, when});
  return wiring;
}

graph nest(const graph& outer, std::size_t place, const graph& inner,
           std::optional<std::size_t> entry) {
  const replica& old = outer.replicas.at(place);
  const std::size_t way_in = entry.value_or(first_like(old, inner));
  static_cast<void>(inner.replicas.at(way_in));
  const std::size_t more = inner.replicas.size() - 1;
  graph all = outer;
  const auto at = all.replicas.erase(all.replicas.begin() +
                                     static_cast<std::ptrdiff_t>(place));
  auto next = at;
  for (replica r : inner.replicas) {
    r.name = old.name + "/" + r.name;
    r.place = r.place.empty() ? old.place : r.place;
    next = all.replicas.insert(next, std::move(r)) + 1;
  }
  const auto moved = [&](std::size_t i) {
    return i == place ? place + way_in : i > place ? i + more : i;
  };
  for (link& l : all.links) {
    l.from = moved(l.from);
    l.to = moved(l.to);
  }
  append(all.links, inner.links, place);
  keep_rule(all, inner);
  return all;
}

}  // namespace sounder::topology

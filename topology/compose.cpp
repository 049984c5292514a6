#include "topology/compose.hpp"

#include <set>
#include <stdexcept>

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
  for (const link& l : b.links) {
    a.links.push_back({first + l.from, first + l.to, l.exchange, l.discipline,
                       l.compression});
  }
  return a;
}

graph bridge(graph wiring, std::size_t from, std::size_t to,
             const exchange& rule, const discipline& when) {
  wiring.links.push_back({from, to, rule, when});
  return wiring;
}

graph nest(const graph& outer, std::size_t place, const graph& inner,
           std::size_t door) {
  if (place >= outer.replicas.size() || door >= inner.replicas.size()) {
    throw std::out_of_range("nest: no such replica");
  }
  const replica& old = outer.replicas[place];
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
    return i == place ? place + door : i > place ? i + more : i;
  };
  for (link& l : all.links) {
    l.from = moved(l.from);
    l.to = moved(l.to);
  }
  for (const link& l : inner.links) {
    all.links.push_back(
        {place + l.from, place + l.to, l.exchange, l.discipline});
  }
  return all;
}

}  // namespace sounder::topology

#include "topology/reduction.hpp"

#include <algorithm>
#include <map>

#include "topology/structure.hpp"

namespace sounder::topology {

namespace {

using neighbour_lists = std::map<std::size_t, std::vector<std::size_t>>;

/// The nodes in the order of a walk that starts at the lowest, takes the
/// first way and never turns back.
std::vector<std::size_t> walk(const neighbour_lists& next) {
  std::vector<std::size_t> order;
  if (next.empty()) {
    return order;
  }
  std::size_t here = next.begin()->first;
  const auto is_new = [&](std::size_t node) {
    return std::find(order.begin(), order.end(), node) == order.end();
  };
  while (true) {
    order.push_back(here);
    const auto& ways = next.at(here);
    const auto way = std::find_if(ways.begin(), ways.end(), is_new);
    if (way == ways.end()) {
      return order;
    }
    here = *way;
  }
}

bool is_ring(const neighbour_lists& next) {
  if (next.size() <= 2) {
    return std::all_of(next.begin(), next.end(), [&](const auto& node) {
      return node.second.size() + 1 == next.size();
    });
  }
  return std::all_of(next.begin(), next.end(),
                     [](const auto& node) { return node.second.size() == 2; });
}

reduction reduction_of(const graph& wiring, std::vector<std::size_t> links) {
  std::map<std::size_t, std::size_t> degree;
  for (const std::size_t i : links) {
    ++degree[wiring.links[i].from];
    ++degree[wiring.links[i].to];
  }
  reduction r;
  neighbour_lists leaders;
  for (const std::size_t i : links) {
    const link& l = wiring.links[i];
    leaders.try_emplace(l.to);
    if (degree[l.from] == 1) {
      r.members.push_back({l.from, l.to});
    } else {
      leaders[l.from].push_back(l.to);
      leaders[l.to].push_back(l.from);
    }
  }
  r.is_sound = is_ring(leaders);
  r.leaders = walk(leaders);
  r.links = std::move(links);
  return r;
}

}  // namespace

std::vector<reduction> reductions(const graph& wiring) {
  std::vector<reduction> all;
  for (auto& links : components(wiring, [](const link& l) {
         return std::holds_alternative<all_reduce>(l.exchange);
       })) {
    all.push_back(reduction_of(wiring, std::move(links)));
  }
  return all;
}

}  // namespace sounder::topology

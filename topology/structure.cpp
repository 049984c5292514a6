#include "topology/structure.hpp"

#include <algorithm>
#include <numeric>
#include <queue>
#include <set>

namespace sounder::topology {

namespace {

using neighbour_lists = std::vector<std::vector<std::size_t>>;

/// Steps to the farthest node; nothing when one cannot be reached.
std::optional<std::size_t> farthest(const neighbour_lists& next,
                                    std::size_t start) {
  std::vector<std::size_t> steps(next.size(), next.size());
  std::queue<std::size_t> ahead;
  steps[start] = 0;
  ahead.push(start);
  std::size_t last = start;
  std::size_t seen = 0;
  while (!ahead.empty()) {
    last = ahead.front();
    ahead.pop();
    ++seen;
    for (const std::size_t there : next[last]) {
      if (steps[there] == next.size()) {
        steps[there] = steps[last] + 1;
        ahead.push(there);
      }
    }
  }
  return seen == next.size() ? std::optional(steps[last]) : std::nullopt;
}

}  // namespace

edges pairs_of(const graph& wiring) {
  std::set<std::pair<std::size_t, std::size_t>> seen;
  edges all;
  for (const link& l : wiring.links) {
    if (l.from != l.to && seen.insert(std::minmax(l.from, l.to)).second) {
      all.push_back({l.from, l.to});
    }
  }
  return all;
}

edges ways_of(const graph& wiring) {
  edges all;
  for (const link& l : wiring.links) {
    all.push_back({l.from, l.to});
    if (traits_of(l.exchange).tells_both) {
      all.push_back({l.to, l.from});
    }
  }
  return all;
}

std::vector<std::size_t> degrees(std::size_t n, const edges& pairs) {
  std::vector<std::size_t> all(n, 0);
  for (const edge& e : pairs) {
    ++all[e.from];
    ++all[e.to];
  }
  return all;
}

std::optional<std::size_t> diameter(std::size_t n, const edges& ways) {
  neighbour_lists next(n);
  for (const edge& e : ways) {
    next[e.from].push_back(e.to);
  }
  std::size_t longest = 0;
  for (std::size_t i = 0; i < n; ++i) {
    const auto steps = farthest(next, i);
    if (!steps) {
      return std::nullopt;
    }
    longest = std::max(longest, *steps);
  }
  return longest;
}

partition::partition(std::size_t nodes) : parent_(nodes) {
  std::iota(parent_.begin(), parent_.end(), std::size_t{0});
}

std::size_t partition::root(std::size_t node) {
  while (parent_[node] != node) {
    parent_[node] = parent_[parent_[node]];
    node = parent_[node];
  }
  return node;
}

bool partition::unite(std::size_t a, std::size_t b) {
  const std::size_t x = root(a);
  const std::size_t y = root(b);
  parent_[std::max(x, y)] = std::min(x, y);
  return x != y;
}

std::vector<std::size_t> touched(const graph& wiring,
                                 const std::vector<std::size_t>& links) {
  std::set<std::size_t> ends;
  for (const std::size_t i : links) {
    ends.insert(wiring.links[i].from);
    ends.insert(wiring.links[i].to);
  }
  return {ends.begin(), ends.end()};
}

}  // namespace sounder::topology

// What links that form rings and groups owe each other.

#include <algorithm>
#include <map>

#include "topology/check_same.hpp"
#include "topology/describe.hpp"
#include "topology/reduction.hpp"

namespace sounder::topology::checks {

namespace {

/// The replicas that one can get to from `start`, along the links or back.
std::size_t reached(const graph& wiring, const numbers_list& links,
                    std::size_t start, bool backwards) {
  std::map<std::size_t, numbers_list> next;
  for (const std::size_t i : links) {
    const link& l = wiring.links[i];
    next[backwards ? l.to : l.from].push_back(backwards ? l.from : l.to);
  }
  numbers_list ahead = {start};
  std::map<std::size_t, bool> seen = {{start, true}};
  while (!ahead.empty()) {
    const std::size_t here = ahead.back();
    ahead.pop_back();
    for (const std::size_t there : next[here]) {
      if (seen.try_emplace(there, true).second) {
        ahead.push_back(there);
      }
    }
  }
  return seen.size();
}

void check_push_sum(const graph& wiring, const numbers_list& group,
                    problems& found) {
  const numbers_list members = touched(wiring, group);
  if (reached(wiring, group, members[0], false) != members.size() ||
      reached(wiring, group, members[0], true) != members.size()) {
    found.push_back("push-sum among " + listed(wiring, members) +
                    " does not get from each to each other; add links back");
  }
}

/// Links of one replica share a meeting, which has one tau; so do all that
/// a path of such links joins.
void check_gossip(const graph& wiring, problems& found) {
  const auto updates = components(wiring, does<broadcast_delta>);
  const auto shares = components(wiring, does<push_sum>);
  for (const auto& sets : {updates, shares}) {
    for (const numbers_list& group : sets) {
      if (check_same(wiring, group,
                     "differ in discipline; neighbours meet by the same",
                     way_of, found)) {
        check_same(wiring, group,
                   "differ in tau; a replica tells all neighbours at once",
                   tau_of<every>, found);
      }
    }
  }
  for (const numbers_list& group : shares) {
    check_push_sum(wiring, group, found);
  }
  for (const numbers_list& group :
       components(wiring, meets<random_neighbour>)) {
    check_same(wiring, group,
               "differ in tau; a replica draws one neighbour every so often",
               tau_of<random_neighbour>, found);
  }
}

/// A replica keeps what it does not give to its neighbours.
void check_weights(const graph& wiring, problems& found) {
  const auto weight_of = [](const link& l) {
    return std::get<mix>(l.exchange).weight;
  };
  std::vector<double> given(wiring.replicas.size(), 0.0);
  for (const numbers_list& group : components(wiring, does<mix>)) {
    check_same(
        wiring, group,
        "mix with a weight and without; give one to all or to none",
        [&](const link& l) { return std::optional(weight_of(l).has_value()); },
        found);
    for (const std::size_t i : group) {
      const link& l = wiring.links[i];
      given[l.from] += weight_of(l).value_or(0.0);
      given[l.to] += weight_of(l).value_or(0.0);
    }
  }
  constexpr double rounding = 1e-9;
  for (std::size_t i = 0; i < given.size(); ++i) {
    if (given[i] > 1.0 + rounding) {
      found.push_back("the mixing weights of " + quoted(wiring, i) +
                      " add up to " + plain(given[i]) +
                      "; 1 is the most, for it keeps what remains");
    }
  }
}

/// Any member may be the one that pushes, and all take the result over.
void check_pushers(const graph& wiring, const numbers_list& members,
                   problems& found) {
  std::map<std::size_t, numbers_list> pushes;  // by hub
  for (std::size_t i = 0; i < wiring.links.size(); ++i) {
    const link& l = wiring.links[i];
    if (meets<one_of_group>(l) &&
        std::binary_search(members.begin(), members.end(), l.from)) {
      pushes[l.to].push_back(i);
    }
  }
  for (const auto& [hub, links] : pushes) {
    numbers_list idle = members;
    for (const std::size_t i : links) {
      std::erase(idle, wiring.links[i].from);
    }
    if (!idle.empty()) {
      found.push_back(named(wiring, links[0]) + " pushes for a group with " +
                      listed(wiring, idle) +
                      "; give each member such a link to " +
                      quoted(wiring, hub));
    }
    check_same(
        wiring, links,
        "push for one group but differ in exchange, tau or pusher",
        [](const link& l) { return std::optional(describe(l)); }, found);
  }
}

}  // namespace

void tokens(const graph& wiring, problems& found) {
  for (const numbers_list& ring : components(wiring, meets<on_token>)) {
    std::map<std::size_t, std::size_t> in;
    std::map<std::size_t, std::size_t> out;
    for (const std::size_t i : ring) {
      ++out[wiring.links[i].from];
      ++in[wiring.links[i].to];
    }
    for (const std::size_t member : touched(wiring, ring)) {
      if (in[member] != 1 || out[member] != 1) {
        found.push_back(
            "the on-token links of " + listed(wiring, touched(wiring, ring)) +
            " must form a directed cycle, but " + quoted(wiring, member) +
            " has " + std::to_string(in[member]) + " in and " +
            std::to_string(out[member]) + " out");
        break;
      }
    }
  }
}

void groups(const graph& wiring, problems& found) {
  for (std::size_t rule = 0; rule < std::variant_size_v<exchange>; ++rule) {
    const auto sets = components(wiring, [rule](const link& l) {
      return l.exchange.index() == rule &&
             traits_of(l.discipline).awaits == awaits::joined;
    });
    for (const numbers_list& group : sets) {
      check_fields(wiring, group, found);
    }
  }
  for (const reduction& r : reductions(wiring)) {
    if (!r.is_sound) {
      found.push_back("the all-reduce links of " +
                      listed(wiring, touched(wiring, r.links)) +
                      " form neither a ring nor groups whose members point to "
                      "leaders in a ring");
    }
    check_pushers(wiring, touched(wiring, r.links), found);
  }
  check_gossip(wiring, found);
  check_weights(wiring, found);
}

}  // namespace sounder::topology::checks

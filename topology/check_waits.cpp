// Who can wait for whom. Replicas wait in groups: all that one barrier joins,
// all that take turns or keep a bound at one hub, and all that one token
// visits, for it waits until a replica has stepped on and who has missed it too
// often waits for it. Draw each replica and each group as a node and join a
// replica with its groups. Where this drawing has no cycle, whoever waits is
// waited for by nobody that he waits for, in whatever order a replica goes
// through its links; where it has one, an unlucky order deadlocks.

#include <algorithm>
#include <map>
#include <set>

#include "topology/checks.hpp"

namespace sounder::topology::checks {

namespace {

struct waiting_group {
  std::string what;                  // "a barrier for mix"
  std::vector<std::size_t> members;  // that step
};

std::vector<std::size_t> steppers(const graph& wiring,
                                  const std::vector<std::size_t>& links) {
  std::vector<std::size_t> all = touched(wiring, links);
  std::erase_if(all,
                [&](std::size_t i) { return wiring.replicas[i].is_hub(); });
  return all;
}

bool waits_for(const link& l, awaits whom) {
  return traits_of(l.discipline).awaits == whom;
}

std::string wait_of(const link& l) {
  return std::string(traits_of(l.discipline).wait);
}

void add_barriers(const graph& wiring, std::vector<waiting_group>& all) {
  for (std::size_t rule = 0; rule < std::variant_size_v<exchange>; ++rule) {
    const auto sets = components(wiring, [rule](const link& l) {
      return l.exchange.index() == rule && waits_for(l, awaits::joined);
    });
    for (const auto& links : sets) {
      const link& first = wiring.links[links[0]];
      all.push_back({wait_of(first) + " " + std::string(name(first.exchange)),
                     steppers(wiring, links)});
    }
  }
}

void add_hubs(const graph& wiring, std::vector<waiting_group>& all) {
  std::map<std::size_t, std::vector<std::size_t>> links;
  for (std::size_t i = 0; i < wiring.links.size(); ++i) {
    const std::size_t hub = wiring.links[i].to;
    // The parts of a hub have the same order and the same callers: whoever is
    // first at one is first at all.
    if (waits_for(wiring.links[i], awaits::callers) &&
        wiring.replicas[hub].holds.part == 0) {
      links[hub].push_back(i);
    }
  }
  for (const auto& [hub, those] : links) {
    all.push_back({wait_of(wiring.links[those[0]]) + " " + quoted(wiring, hub),
                   steppers(wiring, those)});
  }
}

void add_rings(const graph& wiring, std::vector<waiting_group>& all) {
  for (const auto& links : components(
           wiring, [](const link& l) { return waits_for(l, awaits::token); })) {
    all.push_back({wait_of(wiring.links[links[0]]), steppers(wiring, links)});
  }
}

std::vector<waiting_group> waiting_groups(const graph& wiring) {
  std::vector<waiting_group> all;
  add_barriers(wiring, all);
  add_hubs(wiring, all);
  add_rings(wiring, all);
  return all;
}

/// The drawing: nodes are the replicas, then the groups.
class drawing {
 public:
  drawing(const graph& wiring, const std::vector<waiting_group>& groups)
      : wiring_(wiring),
        groups_(groups),
        parts_(wiring.replicas.size() + groups.size()),
        next_(wiring.replicas.size() + groups.size()) {}

  /// Joins a replica with a group; says so when this closes a cycle.
  void join(std::size_t replica, std::size_t group, problems& found) {
    const std::size_t node = wiring_.replicas.size() + group;
    if (!parts_.unite(replica, node)) {
      tell(way(replica, node), found);
      return;
    }
    next_[replica].push_back(node);
    next_[node].push_back(replica);
  }

 private:
  /// The nodes between two of one part, both included; there is one way.
  std::vector<std::size_t> way(std::size_t from, std::size_t to) const {
    std::map<std::size_t, std::size_t> before = {{to, to}};
    std::vector<std::size_t> ahead = {to};
    while (!before.contains(from)) {
      const std::size_t here = ahead.back();
      ahead.pop_back();
      for (const std::size_t there : next_[here]) {
        if (before.emplace(there, here).second) {
          ahead.push_back(there);
        }
      }
    }
    std::vector<std::size_t> nodes = {from};
    while (nodes.back() != to) {
      nodes.push_back(before.at(nodes.back()));
    }
    return nodes;
  }

  /// Once for each set of groups.
  void tell(const std::vector<std::size_t>& nodes, problems& found) {
    const std::size_t replicas = wiring_.replicas.size();
    std::set<std::size_t> groups;
    std::vector<std::size_t> members;
    std::string meetings;
    for (const std::size_t node : nodes) {
      if (node < replicas) {
        members.push_back(node);
      } else {
        groups.insert(node);
        meetings +=
            (meetings.empty() ? "" : " and ") + groups_[node - replicas].what;
      }
    }
    if (told_.insert(groups).second) {
      found.push_back(listed(wiring_, members) +
                      " can wait for each other for ever, in " + meetings +
                      "; let them wait in one of these only");
    }
  }

  const graph& wiring_;
  const std::vector<waiting_group>& groups_;
  partition parts_;
  std::vector<std::vector<std::size_t>> next_;
  std::set<std::set<std::size_t>> told_;
};

}  // namespace

void waits(const graph& wiring, problems& found) {
  const std::vector<waiting_group> groups = waiting_groups(wiring);
  drawing all(wiring, groups);
  for (std::size_t g = 0; g < groups.size(); ++g) {
    for (const std::size_t member : groups[g].members) {
      all.join(member, g, found);
    }
  }
}

}  // namespace sounder::topology::checks

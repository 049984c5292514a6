// What links that meet at one place owe each other: rings of tokens, hubs,
// groups.

#include <algorithm>
#include <map>

#include "topology/checks.hpp"
#include "topology/describe.hpp"
#include "topology/reduction.hpp"
#include "topology/systems.hpp"

namespace sounder::topology::checks {

namespace {

using numbers_list = std::vector<std::size_t>;

template <class Kind>
bool meets(const link& l) {
  return std::holds_alternative<Kind>(l.discipline);
}

numbers_list links_to(const graph& wiring, std::size_t hub) {
  numbers_list all;
  for (std::size_t i = 0; i < wiring.links.size(); ++i) {
    if (wiring.links[i].to == hub) {
      all.push_back(i);
    }
  }
  return all;
}

/// The first two of the links that have a `value` but not the same one.
template <class Value>
void check_same(const graph& wiring, const numbers_list& links,
                const std::string& what, Value value, problems& found) {
  const std::size_t none = wiring.links.size();
  std::size_t first = none;
  for (const std::size_t i : links) {
    if (!value(wiring.links[i])) {
      continue;
    }
    if (first != none &&
        *value(wiring.links[i]) != *value(wiring.links[first])) {
      found.push_back(named(wiring, first) + " and " + named(wiring, i) + " " +
                      what);
      return;
    }
    first = first == none ? i : first;
  }
}

/// A member of its discipline or exchange, of those links that have one.
template <class Kind, class Member>
auto when_of(Member Kind::*member) {
  return [member](const link& l) -> std::optional<Member> {
    const auto* when = std::get_if<Kind>(&l.discipline);
    return when != nullptr ? std::optional<Member>((*when).*member)
                           : std::nullopt;
  };
}

std::optional<double> hub_momentum(const link& l) {
  const auto* rule = std::get_if<gradient>(&l.exchange);
  return rule != nullptr ? std::optional<double>(rule->momentum) : std::nullopt;
}

std::optional<std::pair<double, double>> outer_rule(const link& l) {
  const auto* rule = std::get_if<outer_step>(&l.exchange);
  return rule != nullptr ? std::optional<std::pair<double, double>>(
                               {rule->rate, rule->momentum})
                         : std::nullopt;
}

/// Whether a meeting keeps others from the hub; nothing where all meet as one.
std::optional<bool> lock_of(const link& l) {
  if (const auto* when = std::get_if<every>(&l.discipline)) {
    return when->locked;
  }
  if (meets<in_turn>(l)) {
    return true;
  }
  return meets<push_fetch>(l) || meets<one_of_group>(l)
             ? std::optional<bool>(false)
             : std::nullopt;
}

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

void hubs(const graph& wiring, problems& found) {
  for (std::size_t hub = 0; hub < wiring.replicas.size(); ++hub) {
    if (!wiring.replicas[hub].is_hub()) {
      continue;
    }
    const numbers_list links = links_to(wiring, hub);
    check_same(wiring, links,
               "differ in tau; replicas that take turns meet equally often",
               when_of(&in_turn::tau), found);
    check_same(wiring, links,
               "differ in tau; replicas that wait for the slowest meet "
               "equally often",
               when_of(&bounded::tau), found);
    check_same(wiring, links, "differ in staleness; one hub has one bound",
               when_of(&bounded::staleness), found);
    check_same(wiring, links,
               "lock the hub and do not; it needs a lock for all or for none",
               lock_of, found);
    check_same(wiring, links, "differ in momentum; one hub has one velocity",
               hub_momentum, found);
    check_same(wiring, links,
               "differ in rate or momentum; one hub has one outer step",
               outer_rule, found);
  }
}

namespace {

/// Links of the replicas to a hub, as what each is: who, exchange, discipline.
std::map<std::size_t, std::string> callers_of(const graph& wiring,
                                              std::size_t hub) {
  std::map<std::size_t, std::string> all;
  for (const std::size_t i : links_to(wiring, hub)) {
    const link& l = wiring.links[i];
    all[l.from] = describe(l.exchange) + " " + describe(l.discipline);
  }
  return all;
}

/// Hubs of so many parts that the same replicas meet by the same rules make up
/// a vector: each part has to be there once.
void check_split(const graph& wiring, std::size_t first, problems& found) {
  const std::size_t parts = wiring.replicas[first].holds.parts;
  const auto callers = callers_of(wiring, first);
  std::vector<std::size_t> times(parts, 0);
  for (const replica& r : wiring.replicas) {
    const auto number = static_cast<std::size_t>(&r - wiring.replicas.data());
    if (r.is_hub() && r.holds.parts == parts && r.holds.part < parts &&
        callers_of(wiring, number) == callers) {
      if (number < first) {
        return;  // has been checked there
      }
      ++times[r.holds.part];
    }
  }
  const auto odd = std::find_if(times.begin(), times.end(),
                                [](std::size_t n) { return n != 1; });
  if (odd != times.end()) {
    found.push_back(
        quoted(wiring, first) + " holds a part of " + std::to_string(parts) +
        ", but the replicas that meet it meet " +
        (*odd == 0 ? "no hub with part " : "several hubs with part ") +
        std::to_string(odd - times.begin()) +
        " in the same way; each replica must meet each part once");
  }
}

}  // namespace

void parts(const graph& wiring, problems& found) {
  for (std::size_t i = 0; i < wiring.replicas.size(); ++i) {
    const stretch& holds = wiring.replicas[i].holds;
    if (holds.parts == 1 && holds.part == 0) {
      continue;
    }
    if (holds.parts == 0 || holds.parts > most_replicas ||
        holds.part >= holds.parts) {
      found.push_back(quoted(wiring, i) + " holds part " +
                      std::to_string(holds.part) + " of " +
                      std::to_string(holds.parts) +
                      "; parts are numbered from 0, and there are 1 to " +
                      std::to_string(most_replicas));
    } else if (!wiring.replicas[i].is_hub()) {
      found.push_back(quoted(wiring, i) +
                      " has workers and holds a part of the parameters; only "
                      "hubs can");
    } else {
      check_split(wiring, i, found);
    }
    for (const std::size_t l : links_to(wiring, i)) {
      if (meets<one_of_group>(wiring.links[l])) {
        found.push_back(named(wiring, l) +
                        " pushes for its group to a part of the parameters; "
                        "groups need a hub that holds all of them");
      }
    }
  }
}

void groups(const graph& wiring, problems& found) {
  for (std::size_t rule = 0; rule < std::variant_size_v<exchange>; ++rule) {
    const auto sets = components(wiring, [rule](const link& l) {
      return l.exchange.index() == rule && meets<barrier>(l);
    });
    for (const numbers_list& group : sets) {
      check_same(wiring, group, "meet at one barrier but differ in tau",
                 when_of(&barrier::tau), found);
    }
  }
  for (const reduction& r : reductions(wiring)) {
    if (!r.is_sound) {
      found.push_back("the all-reduce links of " +
                      listed(wiring, touched(wiring, r.links)) +
                      " form neither a ring nor groups whose members point to "
                      "leaders in a ring");
    }
  }
  const auto pushing = components(wiring, [](const link& l) {
    return std::holds_alternative<push_sum>(l.exchange);
  });
  for (const numbers_list& group : pushing) {
    check_push_sum(wiring, group, found);
  }
}

}  // namespace sounder::topology::checks

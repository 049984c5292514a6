// What links that meet at one replica owe each other, and the parts of a hub.

#include <algorithm>
#include <map>

#include "topology/check_same.hpp"
#include "topology/describe.hpp"
#include "topology/systems.hpp"

namespace sounder::topology::checks {

namespace {

/// Whether the link's replica comes to the other end to be served there.
bool is_served(const link& l) {
  return traits_of(l.exchange).meets == encounter::served;
}

/// The served links to each replica.
std::vector<numbers_list> arrivals(const graph& wiring) {
  std::vector<numbers_list> all(wiring.replicas.size());
  for (std::size_t i = 0; i < wiring.links.size(); ++i) {
    if (is_served(wiring.links[i])) {
      all[wiring.links[i].to].push_back(i);
    }
  }
  return all;
}

/// Whether who meets by it counts all that come.
bool counts_callers(const discipline& when) {
  const awaits whom = traits_of(when).awaits;
  return whom == awaits::callers || whom == awaits::joined;
}

std::string those_that_count() {
  std::string all;
  for_each_alternative<discipline>([&](const discipline& when) {
    if (counts_callers(when)) {
      all += (all.empty() ? "" : ", ") + std::string(name(when));
    }
  });
  return all;
}

/// Whoever waits counts all that come: they must come in the same way.
bool check_ways(const graph& wiring, std::size_t end, const numbers_list& links,
                problems& found) {
  const bool any_waits =
      std::any_of(links.begin(), links.end(), [&](std::size_t i) {
        return counts_callers(wiring.links[i].discipline);
      });
  return !any_waits ||
         check_same(wiring, links,
                    "meet " + quoted(wiring, end) +
                        " by different disciplines; where one of them waits (" +
                        those_that_count() + ") all must meet by it",
                    way_of, found);
}

/// Whether a meeting keeps others from the hub.
std::optional<bool> lock_of(const link& l) { return excludes(l.discipline); }

/// Of those that a hub serves one by one.
std::optional<double> hub_momentum(const link& l) {
  const auto* rule = std::get_if<gradient>(&l.exchange);
  return rule != nullptr && !is_synchronous(l.discipline)
             ? std::optional<double>(rule->momentum)
             : std::nullopt;
}

/// Of those that a hub serves all at once.
std::optional<std::string> barrier_rule(const link& l) {
  return is_synchronous(l.discipline)
             ? std::optional<std::string>(describe(l.exchange))
             : std::nullopt;
}

void check_hub(const graph& wiring, std::size_t hub, const numbers_list& links,
               problems& found) {
  if (links.empty()) {
    return;
  }
  if (traits_of(wiring.links[links[0]].discipline).awaits == awaits::callers) {
    check_fields(wiring, links, found);
  } else {
    check_same(wiring, links,
               "lock the hub and do not; it needs a lock for all or for none",
               lock_of, found);
  }
  check_same(wiring, links, "differ in momentum; one hub has one velocity",
             hub_momentum, found);
  check_same(wiring, links,
             "differ in exchange or its numbers; a barrier does one exchange "
             "for all who come",
             barrier_rule, found);
  if (std::all_of(links.begin(), links.end(), [&](std::size_t i) {
        return does<overwrite>(wiring.links[i]);
      })) {
    found.push_back(quoted(wiring, hub) +
                    " never changes, for overwrite brings nothing to a hub; "
                    "let a link with another exchange end there");
  }
}

}  // namespace

void hubs(const graph& wiring, problems& found) {
  const std::vector<numbers_list> links = arrivals(wiring);
  for (std::size_t end = 0; end < links.size(); ++end) {
    if (check_ways(wiring, end, links[end], found) &&
        wiring.replicas[end].is_hub()) {
      check_hub(wiring, end, links[end], found);
    }
  }
}

namespace {

numbers_list links_to(const graph& wiring, std::size_t hub) {
  numbers_list all;
  for (std::size_t i = 0; i < wiring.links.size(); ++i) {
    if (wiring.links[i].to == hub) {
      all.push_back(i);
    }
  }
  return all;
}

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

}  // namespace sounder::topology::checks

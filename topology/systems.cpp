#include "topology/systems.hpp"

#include <algorithm>
#include <array>
#include <stdexcept>

#include "kernels/nearest.hpp"
#include "topology/compose.hpp"
#include "topology/shapes.hpp"

namespace sounder::topology {

namespace {

using options = wiring_options;

/// replica-1 to replica-n.
std::vector<replica> peers(const options& o) {
  std::vector<replica> all;
  for (unsigned i = 1; i <= o.replicas; ++i) {
    all.push_back({"replica-" + std::to_string(i), o.workers, o.sharing, {}});
  }
  return all;
}

graph peers_on(const options& o, const edges& pairs, const exchange& rule,
               const discipline& when) {
  return wire(peers(o), pairs, rule, when);
}

/// The hub, then the peers, each with a link to it. Or several hubs.
graph around_hub(const options& o, const exchange& rule,
                 const discipline& when) {
  graph all;
  for (unsigned part = 0; part < o.hubs; ++part) {
    const std::string number = "-" + std::to_string(part + 1);
    all.replicas.push_back({"hub" + (o.hubs > 1 ? number : ""),
                            0,
                            lock_free{},
                            {},
                            {part, o.hubs}});
  }
  for (replica& peer : peers(o)) {
    for (std::size_t hub = 0; hub < o.hubs; ++hub) {
      all.links.push_back({all.replicas.size(), hub, rule, when});
    }
    all.replicas.push_back(std::move(peer));
  }
  return all;
}

/// Whatever the system is: a shape that is none is a mistake.
void check_shape(const std::string& name) {
  const std::vector<std::string>& known = shapes::names();
  if (name.empty() ||
      std::find(known.begin(), known.end(), name) != known.end()) {
    return;
  }
  std::string text;
  for (const std::string& each : known) {
    text += (text.empty() ? "" : ", ") + each;
  }
  throw std::invalid_argument("'" + name + "' is no shape; there are " + text +
                              kernels::did_you_mean(name, known));
}

edges shape_of(const options& o, const char* fallback) {
  return shapes::by_name(o.shape.empty() ? fallback : o.shape, o.replicas)
      .value();
}

/// Where tau is part of what the system is.
barrier barrier_of(const options& o, std::size_t tau = 1) {
  return {o.tau.value_or(tau)};
}

graph ea_wild(const options& o) {
  const unsigned size = o.group.value_or(1);
  if (size <= 1) {
    return around_hub(o, elastic{o.alpha}, every{o.tau});
  }
  graph all =
      around_hub(o, elastic{o.alpha}, one_of_group{o.tau, o.random_pusher});
  for (const edge& e : shapes::group_rings(o.replicas, size)) {
    all.links.push_back(
        {e.from + o.hubs, e.to + o.hubs, all_reduce{}, barrier{1}});
  }
  return all;
}

struct system_entry {
  std::string_view name;
  graph (*make)(const options&);
};

constexpr std::size_t of_one_replica = 5;

// One row a system: the decomposition into graph, exchange and discipline.
constexpr std::array systems = {
    system_entry{"serial", [](const options&) { return serial(); }},
    system_entry{
        "hogwild",
        [](const options& o) { return hogwild(o.workers, o.sharing); }},
    system_entry{"locked", [](const options& o) { return locked(o.workers); }},
    system_entry{"aig", [](const options& o) { return aig(o.workers); }},
    system_entry{"round-robin",
                 [](const options& o) { return round_robin(o.workers); }},
    system_entry{"sync",
                 [](const options& o) {
                   return around_hub(o, gradient{}, barrier_of(o));
                 }},
    system_entry{"allreduce",
                 [](const options& o) {
                   return peers_on(o, shapes::ring(o.replicas), all_reduce{},
                                   barrier_of(o));
                 }},
    system_entry{"hierarchical",
                 [](const options& o) {
                   return peers_on(o,
                                   shapes::two_level_groups(
                                       o.replicas, o.group.value_or(2)),
                                   all_reduce{}, barrier_of(o));
                 }},
    system_entry{"star",
                 [](const options& o) {
                   return around_hub(o, add_delta{}, every{o.tau});
                 }},
    system_entry{"star-in-turn",
                 [](const options& o) {
                   return around_hub(o, add_delta{}, in_turn{o.tau});
                 }},
    system_entry{"async-ps",
                 [](const options& o) {
                   return around_hub(o, gradient{}, every{o.tau.value_or(1)});
                 }},
    system_entry{
        "downpour",
        [](const options& o) {
          return around_hub(o, gradient{}, push_fetch{o.push, o.fetch});
        }},
    system_entry{"async-msgd",
                 [](const options& o) {
                   return around_hub(o, gradient{combine::mean, o.momentum},
                                     every{o.tau.value_or(1)});
                 }},
    system_entry{"easgd",
                 [](const options& o) {
                   return around_hub(o, elastic{o.alpha}, in_turn{o.tau});
                 }},
    system_entry{"async-easgd",
                 [](const options& o) {
                   return around_hub(o, elastic{o.alpha}, every{o.tau, true});
                 }},
    // The links are those of async-easgd, the momentum is the workers' own.
    system_entry{
        "eamsgd",
        [](const options& o) {
          graph all = around_hub(o, elastic{o.alpha}, every{o.tau, true});
          all.optimizer = "nesterov";
          return all;
        }},
    system_entry{"ea-wild", ea_wild},
    system_entry{"hogwildpp",
                 [](const options& o) {
                   return peers_on(o, shapes::directed_ring(o.replicas),
                                   token_merge{o.form, o.tolerance, {}},
                                   on_token{o.tau});
                 }},
    system_entry{"all-to-all",
                 [](const options& o) {
                   return peers_on(o, shapes::clique(o.replicas),
                                   broadcast_delta{}, every{o.tau});
                 }},
    system_entry{"ad-psgd",
                 [](const options& o) {
                   return peers_on(o, shape_of(o, "clique"), pair_average{},
                                   random_neighbour{o.tau});
                 }},
    system_entry{"d-psgd",
                 [](const options& o) {
                   return peers_on(o, shape_of(o, "ring"), mix{},
                                   barrier{o.tau});
                 }},
    system_entry{"sgp",
                 [](const options& o) {
                   return peers_on(o, shapes::directed_exponential(o.replicas),
                                   push_sum{}, barrier{o.tau});
                 }},
    system_entry{
        "ssp",
        [](const options& o) {
          return around_hub(o, add_delta{}, bounded{o.tau, o.staleness});
        }},
    system_entry{"local-sgd",
                 [](const options& o) {
                   return around_hub(o,
                                     outer_step{o.outer_rate, o.outer_momentum},
                                     barrier_of(o, 100));
                 }},
};

graph compressed(graph wiring, const compression& how) {
  const auto can = [&](const link& l) {
    return refusal(how, l.exchange).empty();
  };
  const bool none_can =
      std::none_of(wiring.links.begin(), wiring.links.end(), can);
  for (link& l : wiring.links) {
    if (none_can || can(l)) {
      l.compression = how;
    }
  }
  return wiring;
}

std::vector<std::string> first_names(std::size_t count) {
  std::vector<std::string> all;
  for (std::size_t i = 0; i < count; ++i) {
    all.emplace_back(systems[i].name);
  }
  return all;
}

}  // namespace

std::optional<graph> by_name(std::string_view name,
                             const wiring_options& options) {
  if (name == "ring") {
    name = "hogwildpp";
  }
  check_shape(options.shape);
  for (const system_entry& system : systems) {
    if (system.name == name) {
      for (const unsigned count : {options.replicas, options.hubs}) {
        if (count > most_replicas) {
          throw std::invalid_argument(
              std::to_string(count) + " replicas are too many; " +
              std::to_string(most_replicas) + " is the most");
        }
      }
      return compressed(system.make(options), options.compress);
    }
  }
  return std::nullopt;
}

const std::vector<std::string>& names() {
  static const std::vector<std::string> all = first_names(systems.size());
  return all;
}

const std::vector<std::string>& one_replica_names() {
  static const std::vector<std::string> all = first_names(of_one_replica);
  return all;
}

}  // namespace sounder::topology

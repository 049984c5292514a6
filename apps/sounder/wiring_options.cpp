#include "apps/sounder/wiring_options.hpp"

#include <algorithm>
#include <array>
#include <cstddef>

#include <fmt/format.h>

#include "apps/sounder/progress.hpp"
#include "kernels/nearest.hpp"
#include "topology/systems.hpp"
#include "topology/wiring_file.hpp"

namespace sounder::app {

namespace {

constexpr std::array<std::string_view, 2> pushers = {"fixed", "random"};
constexpr std::array<std::string_view, 2> forms = {"paper", "reference"};

/// Beyond one core private vectors scale better than a shared one.
std::string resolve(const std::string& name, unsigned replicas,
                    unsigned workers) {
  if (name != "auto") {
    return name;
  }
  return replicas > 1 ? "star" : workers > 1 ? "hogwild" : "serial";
}

topology::wiring_options read_options(const settings& values) {
  topology::wiring_options o;
  o.tau = values.optional_number<std::size_t>("tau", 1);
  o.alpha = values.optional_number("alpha", 1e-9, 1.0);
  o.momentum = values.number("hub-momentum", 0.0, 1.0);
  o.staleness = values.number<std::size_t>("staleness");
  o.push = values.number<std::size_t>("push", 1);
  o.fetch = values.number<std::size_t>("fetch", 1);
  o.hubs = values.number<unsigned>("hubs", 1);
  o.group = values.optional_number<unsigned>("group", 1);
  o.random_pusher = values.one_of("pusher", pushers) == "random";
  o.form = values.one_of("token-form", forms) == "paper"
               ? topology::token_form::paper
               : topology::token_form::reference;
  o.tolerance = values.number("tolerance", 0.0);
  o.outer_rate = values.number("outer-rate", 0.0);
  o.outer_momentum = values.number("outer-momentum", 0.0, 1.0);
  o.shape = values.text("shape");
  try {
    o.compress = topology::parse_compression(values.text("compress"));
  } catch (const std::invalid_argument& problem) {
    values.fail("compress", problem.what());
  }
  return o;
}

/// What --topology takes, for people.
std::string systems_by_name() {
  const auto& one = topology::one_replica_names();
  const auto& all = topology::names();  // those of one come first
  return fmt::format(
      "on one vector: {}; on several: {}; ring: hogwildpp; auto: star for "
      "several replicas, hogwild for several workers",
      fmt::join(one, ", "),
      fmt::join(all.begin() + static_cast<std::ptrdiff_t>(one.size()),
                all.end(), ", "));
}

}  // namespace

std::string chosen_wiring::size() const {
  return has_one_replica(name) ? std::to_string(workers)
                               : fmt::format("{} x {}", replicas, workers);
}

bool has_one_replica(const std::string& name) {
  const auto& names = topology::one_replica_names();
  return std::find(names.begin(), names.end(), name) != names.end();
}

void check_counts(const settings& values, const std::string& system,
                  unsigned replicas, unsigned workers) {
  if (system == "serial" && workers > 1) {
    values.fail("topology", fmt::format("serial has one worker, not {}; use "
                                        "hogwild, or --workers 1",
                                        workers));
  }
  if (has_one_replica(system) && replicas > 1) {
    values.fail("topology",
                fmt::format("{} has one replica, not {}; use --workers, or "
                            "star, hogwildpp or another of several replicas",
                            system, replicas));
  }
}

std::vector<option_group> wiring_options() {
  return {
      {"Several replicas",
       {{"tau", "N", "", "local steps between two meetings [by their cost]"},
        {"alpha", "X", "", "elastic: pull of a meeting [0.9 / replicas]"},
        {"hubs", "N", "1", "hubs that share the parameters among them"},
        {"group", "N", "",
         "replicas a synchronous group: hierarchical [2], ea-wild [1]"},
        {"pusher", "WHO", "fixed", "ea-wild: who of a group: fixed, random"},
        {"staleness", "N", "3", "ssp: meetings ahead of the slowest"},
        {"push", "N", "1", "downpour: steps between two pushes"},
        {"fetch", "N", "1", "downpour: steps between two fetches"},
        {"hub-momentum", "X", "0.9", "async-msgd: momentum at the hub"},
        {"token-form", "NAME", "paper", "hogwildpp: paper, reference"},
        {"tolerance", "X", "0.01",
         "hogwildpp, reference: differences up to it wait"},
        {"outer-rate", "X", "0.7", "local-sgd: step of the hub"},
        {"outer-momentum", "X", "0.9", "local-sgd: its momentum"},
        {"shape", "NAME", "",
         "ad-psgd [clique], d-psgd [ring]: ring, clique, torus, exponential, "
         "hypercube"},
        {"compress", "FORM", "none",
         "payloads between nodes: none, fp16, bf16, int8, top-k[:FRACTION]"}}},
      {"HOGWILD!",
       {{"shared-head", "N", "",
         "keep the N most popular features private to each worker and add "
         "up the differences now and then; 0 is the paper's plain sharing "
         "[chosen by the data]"},
        {"head-every", "N", "", "samples between these additions [chosen]"}}}};
}

option_group topology_options() {
  return {"Topology",
          {{"topology", "NAME", "auto", systems_by_name(), topology::names()},
           {"wiring", "FILE", "",
            "the graph in this file, instead of a topology by name"},
           {"replicas", "N", "",
            "vectors of their own [one a node; without nodes 2; auto: 1]"},
           {"workers", "K", "1", "threads that step on the same vector"}}};
}

void warn_of_compression(const settings& values,
                         const topology::graph& wiring) {
  if (!topology::has_nodes(wiring) && values.text("compress") != "none") {
    complain(
        "warning: --compress: all replicas live in this process, where "
        "nothing is sent");
  }
}

chosen_wiring read_wiring(const settings& values, const std::string& option,
                          const std::string& name, unsigned replicas,
                          unsigned workers) {
  chosen_wiring chosen;
  chosen.name = resolve(name, replicas, workers);
  chosen.replicas = has_one_replica(chosen.name) ? 1 : replicas;
  chosen.workers = chosen.name == "serial" ? 1 : workers;
  topology::wiring_options o = read_options(values);
  o.replicas = chosen.replicas;
  o.workers = chosen.workers;
  o.sharing.head = values.optional_number<std::size_t>("shared-head");
  o.sharing.head_every = values.optional_number<std::size_t>("head-every", 1);
  try {
    const auto graph = topology::by_name(chosen.name, o);
    if (!graph) {
      std::vector<std::string> known = {"auto"};
      known.insert(known.end(), topology::names().begin(),
                   topology::names().end());
      values.fail(option, fmt::format("'{}' is none of {}{}", name,
                                      fmt::join(known, ", "),
                                      kernels::did_you_mean(name, known)));
    }
    chosen.graph = *graph;
  } catch (const std::invalid_argument& problem) {
    values.fail(option, problem.what());
  }
  return chosen;
}

void warn_of_idle_options(const settings& values, const chosen_wiring& chosen) {
  const std::string asked = topology::write_wiring(chosen.graph);
  const std::vector<option_group> groups = wiring_options();
  for (const option& o : groups.front().options) {
    if (o.name == "compress" || values.text(o.name) == o.fallback) {
      continue;  // compression depends on the places
    }
    const chosen_wiring without =
        read_wiring(values.with(o.name, o.fallback), "topology", chosen.name,
                    chosen.replicas, chosen.workers);
    if (topology::write_wiring(without.graph) == asked) {
      complain(fmt::format("warning: --{} makes no difference to {}", o.name,
                           chosen.name));
    }
  }
}

chosen_wiring read_wiring_file(const settings& values) {
  std::vector<option_group> said = wiring_options();
  said.push_back(topology_options());
  for (const option_group& group : said) {
    for (const option& o : group.options) {
      // Config files that --dump-config wrote have the defaults, too.
      if (o.name != "wiring" && values.text(o.name) != o.fallback) {
        values.fail(o.name, "the wiring file says so already; leave it out");
      }
    }
  }
  chosen_wiring chosen;
  chosen.name = values.text("wiring");
  try {
    chosen.graph = topology::read_wiring(chosen.name);
  } catch (const topology::wiring_error& problem) {
    throw usage_error(problem.what());
  }
  chosen.replicas = 0;
  for (const topology::replica& r : chosen.graph.replicas) {
    chosen.replicas += r.is_hub() ? 0 : 1;
    chosen.workers = std::max(chosen.workers, r.workers);
  }
  return chosen;
}

}  // namespace sounder::app

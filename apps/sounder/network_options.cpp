#include "apps/sounder/network_options.hpp"

#include <algorithm>
#include <filesystem>
#include <iterator>
#include <set>

#include <fmt/format.h>

#include "actors/wire/stream.hpp"
#include "apps/sounder/progress.hpp"
#include "topology/validate.hpp"

namespace sounder::app {

option_group tls_options() {
  return {"Security",
          {{"tls-cert", "FILE", "", "own certificate (PEM)"},
           {"tls-key", "FILE", "", "its key"},
           {"tls-ca", "FILE", "",
            "the private authority that all certificates are of; every holder "
            "of one has full control of the nodes"},
           {"insecure", "", "",
            "without TLS: be reached by, or reach, other machines all the "
            "same"}}};
}

option_group nodes_options() {
  return {
      "Nodes",
      {{"nodes", "A,B,..", "",
        "HOST:PORT of nodes (sounder node) that take the replicas in "
        "turn; NAME=HOST:PORT for a place in the wiring file"},
       {"all-here", "", "", "the wiring file's places are all in this process"},
       {"connect-deadline", "S", "30",
        "seconds a node may take to appear and to answer"}}};
}

actors::tls_files read_tls(const settings& values) {
  actors::tls_files tls;
  const std::vector<std::pair<const char*, std::string*>> files = {
      {"tls-cert", &tls.certificate},
      {"tls-key", &tls.key},
      {"tls-ca", &tls.authority}};
  bool any = false;
  for (const auto& [name, file] : files) {
    any = any || values.has(name);
  }
  for (const auto& [name, file] : files) {
    if (any && !values.has(name)) {
      throw usage_error(fmt::format(
          "--{} is missing; TLS needs --tls-cert, --tls-key and --tls-ca",
          name));
    }
    *file = values.text(name);
    if (any && !std::filesystem::is_regular_file(*file)) {
      values.fail(name, fmt::format("there is no file '{}'", *file));
    }
  }
  try {
    const actors::tls_context usable(tls);
  } catch (const std::runtime_error& problem) {
    throw usage_error(fmt::format("TLS: {}", problem.what()));
  }
  return tls;
}

actors::node_address read_address(const settings& values,
                                  const std::string& option) {
  try {
    return actors::parse_address(values.required(option));
  } catch (const std::invalid_argument& problem) {
    values.fail(option, problem.what());
  }
}

void check_exposure(const settings& values, const std::string& option,
                    const actors::node_address& at,
                    const actors::tls_files& tls) {
  if (tls.is_on() || actors::is_loopback(at.host)) {
    return;
  }
  if (!values.flag("insecure")) {
    values.fail(option,
                fmt::format("{} is not this machine alone; give --tls-cert, "
                            "--tls-key and --tls-ca, or --insecure on a "
                            "network of your own",
                            at.host));
  }
  complain(fmt::format(
      "warning: {} without TLS: whoever reaches this port controls the process",
      at.text()));
}

namespace {

/// A place is the name of a node or its address.
void check_places(const settings& values, const actors::training_plan& plan,
                  const std::set<std::string>& used) {
  std::vector<std::string> known;
  for (const auto& [name, address] : plan.nodes) {
    known.push_back(name);
  }
  std::copy_if(used.begin(), used.end(), std::back_inserter(known),
               [](const std::string& place) {
                 return place.find(':') != std::string::npos;
               });
  const auto problems = topology::unknown_places(plan.graph, known);
  if (!problems.empty()) {
    values.fail("nodes",
                fmt::format("{}; say where with --nodes PLACE=HOST:PORT,.., or "
                            "run all in this process with --all-here",
                            fmt::join(problems, "; ")));
  }
}

/// An item of --nodes.
struct named_node {
  std::string name;  // of a place in the wiring; empty: takes replicas in turn
  std::string address;
};

std::vector<named_node> read_nodes(const settings& values) {
  std::vector<named_node> nodes;
  for (const std::string& item : values.list("nodes")) {
    const std::size_t equals = item.find('=');
    named_node node;
    node.name = equals == item.npos ? "" : item.substr(0, equals);
    try {
      node.address = actors::parse_address(
                         equals == item.npos ? item : item.substr(equals + 1))
                         .text();
    } catch (const std::invalid_argument& problem) {
      values.fail("nodes", problem.what());
    }
    for (const named_node& other : nodes) {
      if (!node.name.empty() && other.name == node.name) {
        values.fail("nodes", fmt::format("'{}' is there twice", node.name));
      }
      if (other.address == node.address) {
        values.fail("nodes", fmt::format("{} is there twice; a node takes all "
                                         "its replicas at one address",
                                         node.address));
      }
    }
    nodes.push_back(std::move(node));
  }
  return nodes;
}

/// Forgets the places of the wiring.
void place_all_here(const settings& values, actors::training_plan& plan) {
  if (values.has("nodes")) {
    values.fail("all-here", "is instead of --nodes; choose one");
  }
  for (topology::replica& replica : plan.graph.replicas) {
    replica.place.clear();
  }
}

/// Those without a place go to the nodes in turn. Parts of a hub share the
/// work of meeting them, so nodes share the parts.
void deal_replicas(const std::vector<std::string>& places,
                   topology::graph& wiring) {
  std::size_t next = 0;
  std::size_t next_part = 0;
  for (topology::replica& replica : wiring.replicas) {
    const bool is_part = replica.holds.parts > 1;
    if (replica.place.empty() && (is_part || !replica.is_hub()) &&
        !places.empty()) {
      std::size_t& turn = is_part ? next_part : next;
      replica.place = places[turn++ % places.size()];
    }
  }
}

}  // namespace

unsigned unnamed_nodes(const settings& values) {
  const std::vector<std::string> items = values.list("nodes");
  return static_cast<unsigned>(
      std::count_if(items.begin(), items.end(), [](const std::string& item) {
        return item.find('=') == std::string::npos;
      }));
}

void place_on_nodes(const settings& values, actors::training_plan& plan) {
  plan.tls = read_tls(values);
  plan.connect_deadline = std::chrono::milliseconds(
      static_cast<long>(1e3 * values.number("connect-deadline", 0.1, 1e6)));
  if (values.flag("all-here")) {
    place_all_here(values, plan);
    return;
  }
  std::vector<std::string> places;  // that take replicas in turn
  std::vector<std::string> all;
  for (const named_node& node : read_nodes(values)) {
    check_exposure(values, "nodes", actors::parse_address(node.address),
                   plan.tls);
    if (node.name.empty()) {
      places.push_back(node.address);
    } else {
      plan.nodes.emplace(node.name, node.address);
    }
    all.push_back(node.name.empty() ? node.address : node.name);
  }
  deal_replicas(places, plan.graph);
  std::set<std::string> used;
  for (const topology::replica& replica : plan.graph.replicas) {
    used.insert(replica.place);
  }
  check_places(values, plan, used);
  if (plan.deterministic && used != std::set<std::string>{""}) {
    values.fail("deterministic", "is for runs in one process, without nodes");
  }
  for (const std::string& place : all) {
    if (!used.contains(place)) {
      complain(fmt::format("warning: no replica for node {}: it takes no part",
                           place));
    }
  }
}

}  // namespace sounder::app

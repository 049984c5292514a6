#pragma once

// The systems of the literature by name: which graph, which exchange and which
// discipline each of them is. A table of them stands in systems.cpp.

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "topology/graph.hpp"

namespace sounder::topology {

/// What a system leaves open. A system takes what concerns it.
struct wiring_options {
  /// With parameters to step; a hub comes on top. Systems of one replica
  /// (serial to round-robin) have one whatever is asked: see
  /// one_replica_names.
  unsigned replicas = 2;
  unsigned workers = 1;    // of each replica
  lock_free sharing = {};  // of these workers

  /// Local steps between two meetings. Without it the run chooses, or where
  /// all meet at a barrier: 1, and 100 for local-sgd.
  std::optional<std::size_t> tau = {};

  std::optional<double> alpha = {};  // elastic: 0.9 / replicas when not given
  double momentum = 0.9;             // async-msgd: at the hub
  std::size_t staleness = 3;         // ssp
  std::size_t push = 1;              // downpour: steps between two pushes
  std::size_t fetch = 1;             // downpour: steps between two fetches

  /// Hubs that share the parameters among them, where there is a hub.
  unsigned hubs = 1;

  /// Replicas a group: 2 for hierarchical, 1 for ea-wild when not given.
  std::optional<unsigned> group = {};
  bool random_pusher = false;  // ea-wild: any member of a group pushes

  token_form form = token_form::paper;  // hogwildpp
  double tolerance = 1e-2;              // hogwildpp, reference form

  double outer_rate = 0.7;      // local-sgd
  double outer_momentum = 0.9;  // local-sgd

  /// One of shapes::names(): ad-psgd (clique when empty), d-psgd (ring).
  std::string shape = {};

  /// Of every link that can be compressed (refusal); when none can, of all, for
  /// validate to complain of.
  compression compress = {};

  template <class Self, class Visit>
  static void fields(Self& self, Visit& visit) {
    visit("replicas", self.replicas, range::any);
    visit("workers", self.workers, range::any);
    visit("tau", self.tau, range::steps);
    visit("alpha", self.alpha, range::share);
    visit("momentum", self.momentum, range::momentum);
    visit("staleness", self.staleness, range::any);
    visit("push", self.push, range::steps);
    visit("fetch", self.fetch, range::steps);
    visit("hubs", self.hubs, range::any);
    visit("group", self.group, range::any);
    visit("random", self.random_pusher, range::any);
    visit("form", self.form, range::any);
    visit("tolerance", self.tolerance, range::not_negative);
    visit("outer-rate", self.outer_rate, range::positive);
    visit("outer-momentum", self.outer_momentum, range::momentum);
    visit("shape", self.shape, range::any);
    visit("compression", self.compress, range::any);
    for_each_field(self.sharing, visit);
  }
};

/// The most replicas by_name makes: a clique of them has half a million links.
inline constexpr unsigned most_replicas = 1024;

/// The wiring of the system that the name stands for; nothing for an unknown
/// name. One replica is legal for every system, and so are two. 0 replicas or
/// workers give a graph that validate complains of.
///
/// Around a hub, replica 0 is the hub ("hub") and links go to it from
/// "replica-1", "replica-2", ... Of several hubs ("hub-1", ...) each holds a
/// stretch of the parameters. Elsewhere replica 0 is "replica-1".
///
/// "ring", as people call it, is hogwildpp.
///
/// Errors: std::invalid_argument for an unknown shape, a shape that cannot
/// have so many nodes, and more than most_replicas.
std::optional<graph> by_name(std::string_view name,
                             const wiring_options& options);

/// The names that by_name knows, in the order of the documentation.
const std::vector<std::string>& names();

/// Those of one replica, whose workers share one vector: the first of names().
const std::vector<std::string>& one_replica_names();

}  // namespace sounder::topology

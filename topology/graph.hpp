#pragma once

// Who shares parameters with whom: plain data, made by builders or by hand.

#include <algorithm>
#include <array>
#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "topology/compression.hpp"
#include "topology/discipline.hpp"
#include "topology/exchange.hpp"

namespace sounder::topology {

/// HOGWILD!: every worker reads and writes the shared vector without a lock
/// (Niu, Recht, Re, Wright, NeurIPS 2011).
///
/// With a private head, each worker keeps the first `head` coordinates to
/// itself and adds its differences to the shared vector, still without a
/// lock, every `head_every` samples. Popular coordinates then stop bouncing
/// between caches. No head (`head = 0`) is the paper's algorithm to the
/// letter; no value lets the run choose.
struct lock_free {
  std::optional<std::size_t> head;
  std::optional<std::size_t> head_every;

  static constexpr only_name traits = {"lock-free"};
  template <class Self, class Visit>
  static void fields(Self& self, Visit& visit) {
    visit("head", self.head, range::any);
    visit("head-every", self.head_every, range::any);
  }
};

/// One lock around every write; reads stay free (Vaucher, Wagner,
/// Mortiniera, "Lock-free Parallel SGD in Python").
struct write_lock : no_fields {
  static constexpr only_name traits = {"write-lock"};
};

/// AIG: lock every coordinate a step writes, in ascending order, for the
/// time of the write (the baseline of Niu et al.).
struct coordinate_lock : no_fields {
  static constexpr only_name traits = {"coordinate-lock"};
};

/// Round-robin: workers write in a fixed cyclic order, so a gradient is
/// at most N - 1 updates old (Langford, Smola, Zinkevich, NeurIPS 2009).
struct cyclic_turns : no_fields {
  static constexpr only_name traits = {"cyclic-turns"};
};

/// How the workers of one replica write to its vector.
using sharing_rule =
    std::variant<lock_free, write_lock, coordinate_lock, cyclic_turns>;

/// "lock-free", "write-lock", "coordinate-lock" or "cyclic-turns".
std::string_view name(const sharing_rule& rule) noexcept;

/// What a hub holds of the parameters: the part-th of `parts` stretches, as
/// equal as can be. A hub in several parts is several replicas, each replica
/// that meets one meets all, and each part may live on another node (sharded
/// parameter server, Dean et al. 2012).
struct stretch {
  std::size_t part = 0;
  std::size_t parts = 1;
};

/// One parameter vector, stepped by `workers` workers; none at a hub.
struct replica {
  std::string name = "replica";
  unsigned workers = 1;
  sharing_rule sharing = lock_free{};
  std::string place;   // the node it lives on; empty: where the run starts
  stretch holds = {};  // a hub's part of the parameters

  bool is_hub() const noexcept { return workers == 0; }
};

/// Joins two replicas, by their numbers. `from` starts a meeting with `to`:
/// the replica of a star with its hub, a member of a ring with the next.
/// Undirected wirings (cliques, gossip) hold each pair once.
struct link {
  std::size_t from = 0;
  std::size_t to = 0;
  topology::exchange exchange;
  topology::discipline discipline;
  topology::compression compression = {};
};

/// Local optimizers, by their names in files: those of
/// kernels/step/optimizer.hpp, which topology/ does not know. A test compares.
inline constexpr std::array<std::string_view, 5> optimizers = {
    "sgd", "momentum", "nesterov", "adam", "lars"};

/// Whether the name is one of them.
bool is_optimizer(std::string_view name) noexcept;

/// The wiring of a run. A value: copy it, change a copy.
struct graph {
  std::vector<replica> replicas;
  std::vector<link> links;

  /// What the replicas are meant to step with, of optimizers: a system may be
  /// more than its links. Empty: whatever you like. Whoever plans the run
  /// decides; the graph runs with any.
  std::string optimizer = {};
};

/// One replica, one worker: plain SGD.
graph serial();
graph hogwild(unsigned workers, lock_free sharing = {});
graph locked(unsigned workers);
graph aig(unsigned workers);
graph round_robin(unsigned workers);

/// All problems that keep the graph from running, in plain words; empty when
/// it is fine. validate.hpp says what is a problem.
std::vector<std::string> validate(const graph& wiring);

/// Workers in all replicas.
unsigned workers(const graph& wiring) noexcept;

/// Replicas that step: all but the hubs.
std::size_t stepping_replicas(const graph& wiring) noexcept;

/// Whether a replica lives elsewhere than where the run starts.
bool has_nodes(const graph& wiring) noexcept;

/// Whether the link, or any link, exchanges by a rule of this type.
template <class Exchange>
bool has_exchange(const link& link) noexcept {
  return std::holds_alternative<Exchange>(link.exchange);
}
template <class Exchange>
bool has_exchange(const graph& wiring) noexcept {
  return std::any_of(wiring.links.begin(), wiring.links.end(),
                     [](const link& l) { return has_exchange<Exchange>(l); });
}

/// The link's discipline, if it is of this type.
template <class Discipline>
const Discipline* discipline_of(const link& link) noexcept {
  return std::get_if<Discipline>(&link.discipline);
}

}  // namespace sounder::topology

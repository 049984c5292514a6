#pragma once

// The fields of exchanges, disciplines and options by the names that files
// use: for_each_field(value, visit) calls visit("key", member) for each.

#include <string_view>
#include <type_traits>

#include "topology/graph.hpp"
#include "topology/systems.hpp"

namespace sounder::topology {

/// "lock-free", "write-lock", "coordinate-lock" or "cyclic-turns".
std::string_view name(const sharing_rule& rule) noexcept;

/// The name of the alternative: "custom" for any rule of a user's own.
template <class Choice>
std::string_view kind_name(const Choice& choice) noexcept {
  if constexpr (std::is_same_v<Choice, exchange>) {
    if (std::holds_alternative<custom>(choice)) {
      return "custom";
    }
  }
  return name(choice);
}

template <class Visitor>
struct field_visit {
  Visitor& visit;

  // Exchanges.
  template <class Plain>
  void operator()(Plain&) const {}  // those without fields
  void operator()(gradient& e) const {
    visit("combine", e.how);
    visit("momentum", e.momentum);
  }
  void operator()(outer_step& e) const {
    visit("rate", e.rate);
    visit("momentum", e.momentum);
  }
  void operator()(elastic& e) const { visit("alpha", e.alpha); }
  void operator()(token_merge& e) const {
    visit("form", e.form);
    visit("tolerance", e.tolerance);
    visit("beta", e.beta);
  }
  void operator()(mix& e) const { visit("weight", e.weight); }
  void operator()(custom& e) const { visit("rule", e.name); }

  // Disciplines.
  void operator()(every& d) const {
    visit("tau", d.tau);
    visit("locked", d.locked);
  }
  void operator()(push_fetch& d) const {
    visit("push", d.push);
    visit("fetch", d.fetch);
  }
  void operator()(in_turn& d) const { visit("tau", d.tau); }
  void operator()(on_token& d) const { visit("tau0", d.tau0); }
  void operator()(random_neighbour& d) const { visit("tau", d.tau); }
  void operator()(barrier& d) const { visit("tau", d.tau); }
  void operator()(bounded& d) const {
    visit("tau", d.tau);
    visit("staleness", d.staleness);
  }
  void operator()(one_of_group& d) const {
    visit("tau", d.tau);
    visit("random", d.random);
  }

  // Compression.
  void operator()(top_k& c) const { visit("fraction", c.fraction); }

  // Sharing.
  void operator()(lock_free& s) const {
    visit("head", s.head);
    visit("head-every", s.head_every);
  }

  // Options of a system.
  void operator()(wiring_options& o) const {
    visit("replicas", o.replicas);
    visit("workers", o.workers);
    visit("tau", o.tau);
    visit("alpha", o.alpha);
    visit("momentum", o.momentum);
    visit("staleness", o.staleness);
    visit("push", o.push);
    visit("fetch", o.fetch);
    visit("hubs", o.hubs);
    visit("group", o.group);
    visit("random", o.random_pusher);
    visit("form", o.form);
    visit("tolerance", o.tolerance);
    visit("outer-rate", o.outer_rate);
    visit("outer-momentum", o.outer_momentum);
    visit("shape", o.shape);
    visit("compression", o.compress);
    (*this)(o.sharing);
  }
};

template <class Value, class Visitor>
void for_each_field(Value& value, Visitor& visit) {
  field_visit<Visitor>{visit}(value);
}

}  // namespace sounder::topology

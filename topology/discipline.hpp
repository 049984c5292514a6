#pragma once

// When joined replicas meet. `tau` counts local steps (batches) between two
// meetings; the run chooses it by the cost of a meeting when it is not given.
//
// Each discipline says of itself, so that nobody who asks has to know them all:
//   traits             as below
//   fields             by the names that files use (traits.hpp)
//   steps()            between two occasions, where it says so
//   is_synchronous()   all who come meet at once
//   pulls()            the far end's parameters are what comes back
//   excludes()         one at a time at the far end
//   timing(callers)    what is a matter of timing where so many come to one
//                      end: a reason for people, or nothing: the outcome is
//                      fixed
// What it does where a link leads to a target is in actors/sync/gate/. With
// gossip and all-reduce the meeting itself does it.

#include <cstddef>
#include <numeric>
#include <optional>
#include <string_view>
#include <variant>

#include "topology/traits.hpp"

namespace sounder::topology {

/// Whom a replica that comes may have to wait for.
enum class awaits {
  nobody,
  joined,   // all that links with the same exchange join
  callers,  // the others that come to the same end
  token,    // which goes round
};

struct discipline_traits {
  std::string_view name;     // that files and reports use
  std::string_view summary;  // a line for people
  topology::awaits awaits;
  std::string_view wait;  // what problems call it: "turns at"; or empty
  std::string_view why;   // those who wait have the same numbers; or empty
  bool needs_hub;         // at the link's end
};

/// Every tau steps by the own clock. Meetings at one hub go on side by side
/// without a lock (EA-wild, HOGWILD-STAR), or one at a time with one
/// (asynchronous EASGD), in the order in which they get hold of it: who has
/// waited longest need not be next.
struct every {
  std::optional<std::size_t> tau;
  bool locked = false;

  static constexpr discipline_traits traits = {
      .name = "every",
      .summary = "Every tau steps by the own clock, with a lock or without.",
      .awaits = awaits::nobody,
      .wait = "",
      .why = "",
      .needs_hub = false,
  };
  template <class Self, class Visit>
  static void fields(Self& self, Visit& visit) {
    visit("tau", self.tau, range::steps);
    visit("locked", self.locked, range::any);
  }
  std::optional<std::size_t> steps() const noexcept { return tau; }
  bool is_synchronous() const noexcept { return false; }
  bool pulls() const noexcept { return false; }
  bool excludes() const noexcept { return locked; }
  std::string_view timing(std::size_t callers) const noexcept {
    return callers < 2 ? "" : "replicas meet by their own clocks";
  }
};

/// Push every n_push steps, fetch every n_fetch (Downpour).
struct push_fetch {
  std::size_t push = 1;
  std::size_t fetch = 1;

  static constexpr discipline_traits traits = {
      .name = "push-fetch",
      .summary = "Pushes every push steps, fetches every fetch.",
      .awaits = awaits::nobody,
      .wait = "",
      .why = "",
      .needs_hub = true,
  };
  template <class Self, class Visit>
  static void fields(Self& self, Visit& visit) {
    visit("push", self.push, range::steps);
    visit("fetch", self.fetch, range::steps);
  }
  std::optional<std::size_t> steps() const noexcept {
    return std::gcd(push, fetch);
  }
  bool is_synchronous() const noexcept { return false; }
  bool pulls() const noexcept { return true; }
  bool excludes() const noexcept { return false; }
  std::string_view timing(std::size_t callers) const noexcept {
    return callers < 2 ? "" : "replicas push and fetch by their own clocks";
  }
};

/// Every tau steps, the replicas at a hub one after the other in the order of
/// their links (EASGD).
struct in_turn {
  std::optional<std::size_t> tau;

  static constexpr discipline_traits traits = {
      .name = "in-turn",
      .summary =
          "Every tau steps, one after the other in the order of the links.",
      .awaits = awaits::callers,
      .wait = "turns at",
      .why = "replicas that take turns meet equally often",
      .needs_hub = true,
  };
  template <class Self, class Visit>
  static void fields(Self& self, Visit& visit) {
    visit("tau", self.tau, range::steps);
  }
  std::optional<std::size_t> steps() const noexcept { return tau; }
  bool is_synchronous() const noexcept { return false; }
  bool pulls() const noexcept { return false; }
  bool excludes() const noexcept { return false; }
  std::string_view timing(std::size_t /*callers*/) const noexcept { return ""; }
};

/// When the token is here; it passes on after tau0 more steps (HOGWILD++).
/// Without tau0: the authors' 64, 16 above 4 and 4 above 10 clusters, or
/// more where a meeting would cost more than the steps in between.
struct on_token {
  std::optional<std::size_t> tau0;

  static constexpr discipline_traits traits = {
      .name = "on-token",
      .summary = "When the token is here, which stays for tau0 steps.",
      .awaits = awaits::token,
      .wait = "a ring of tokens",
      .why = "",
      .needs_hub = false,
  };
  template <class Self, class Visit>
  static void fields(Self& self, Visit& visit) {
    visit("tau0", self.tau0, range::steps);
  }
  std::optional<std::size_t> steps() const noexcept { return tau0; }
  bool is_synchronous() const noexcept { return false; }
  bool pulls() const noexcept { return false; }
  bool excludes() const noexcept { return false; }
  std::string_view timing(std::size_t /*callers*/) const noexcept {
    return "others are anywhere when the token comes";
  }
};

/// Every tau steps with a neighbour drawn at random (AD-PSGD).
struct random_neighbour {
  std::optional<std::size_t> tau;

  static constexpr discipline_traits traits = {
      .name = "random-neighbour",
      .summary = "Every tau steps with a neighbour drawn at random.",
      .awaits = awaits::nobody,
      .wait = "",
      .why = "",
      .needs_hub = false,
  };
  template <class Self, class Visit>
  static void fields(Self& self, Visit& visit) {
    visit("tau", self.tau, range::steps);
  }
  std::optional<std::size_t> steps() const noexcept { return tau; }
  bool is_synchronous() const noexcept { return false; }
  bool pulls() const noexcept { return false; }
  bool excludes() const noexcept { return false; }
  std::string_view timing(std::size_t /*callers*/) const noexcept {
    return "a neighbour is anywhere when it is drawn";
  }
};

/// Every tau steps all together: nobody goes on before everybody has come.
/// Without tau: 1 for gradients (gradient, all_reduce), 100 for outer_step.
struct barrier {
  std::optional<std::size_t> tau;

  static constexpr discipline_traits traits = {
      .name = "barrier",
      .summary = "Every tau steps; nobody goes on before all have come.",
      .awaits = awaits::joined,
      .wait = "a barrier for",
      .why = "a barrier has one clock",
      .needs_hub = false,
  };
  template <class Self, class Visit>
  static void fields(Self& self, Visit& visit) {
    visit("tau", self.tau, range::steps);
  }
  std::optional<std::size_t> steps() const noexcept { return tau; }
  bool is_synchronous() const noexcept { return true; }
  bool pulls() const noexcept { return false; }
  bool excludes() const noexcept { return false; }
  std::string_view timing(std::size_t /*callers*/) const noexcept { return ""; }
};

/// Every tau steps at a hub, together with who has come: once `least` are there
/// and the grace since then is over, or at once when nobody else can come. Who
/// comes later joins the next round (partial reduce, Miao et al. 2021; backup
/// workers, Chen et al. 2016). Without `least`: more than half.
struct quorum {
  std::optional<std::size_t> tau;
  std::optional<std::size_t> least = {};
  std::size_t grace = 0;  // milliseconds

  static constexpr discipline_traits traits = {
      .name = "quorum",
      .summary =
          "Every tau steps, with who is there grace ms after the least-th.",
      .awaits = awaits::callers,
      .wait = "the quorum of",
      .why = "replicas of one quorum meet equally often, by one rule",
      .needs_hub = true,
  };
  template <class Self, class Visit>
  static void fields(Self& self, Visit& visit) {
    visit("tau", self.tau, range::steps);
    visit("least", self.least, range::count);
    visit("grace", self.grace, range::milliseconds);
  }
  std::optional<std::size_t> steps() const noexcept { return tau; }
  bool is_synchronous() const noexcept { return true; }
  bool pulls() const noexcept { return false; }
  bool excludes() const noexcept { return false; }
  std::string_view timing(std::size_t callers) const noexcept {
    const bool is_all = least.value_or(callers / 2 + 1) >= callers;
    return is_all ? "" : "a round is of those who are there in time";
  }
};

/// Every tau steps; nobody is more than `staleness` meetings ahead of the
/// slowest (SSP, Ho et al. 2013). 0 is bulk synchronous: a barrier.
struct bounded {
  std::optional<std::size_t> tau;
  std::size_t staleness = 3;

  static constexpr discipline_traits traits = {
      .name = "bounded",
      .summary =
          "Every tau steps; nobody is more than staleness meetings ahead.",
      .awaits = awaits::callers,
      .wait = "the bound at",
      .why =
          "replicas that wait for the slowest meet equally often, by one bound",
      .needs_hub = true,
  };
  template <class Self, class Visit>
  static void fields(Self& self, Visit& visit) {
    visit("tau", self.tau, range::steps);
    visit("staleness", self.staleness, range::any);
  }
  std::optional<std::size_t> steps() const noexcept { return tau; }
  bool is_synchronous() const noexcept { return staleness == 0; }
  bool pulls() const noexcept { return staleness > 0; }
  bool excludes() const noexcept { return staleness > 0; }
  std::string_view timing(std::size_t callers) const noexcept {
    const bool is_fixed = is_synchronous() || callers < 2;
    return is_fixed ? "" : "replicas push and pull by their own clocks";
  }
};

/// Every tau steps one member of each group of replicas that all_reduce links
/// join, always the first or a random one, without a lock; the group takes
/// the result over (EA-wild with synchronous groups).
struct one_of_group {
  std::optional<std::size_t> tau;
  bool random = false;

  static constexpr discipline_traits traits = {
      .name = "one-of-group",
      .summary =
          "Every tau steps one member of each group pushes for all of it.",
      .awaits = awaits::nobody,
      .wait = "",
      .why = "",
      .needs_hub = true,
  };
  template <class Self, class Visit>
  static void fields(Self& self, Visit& visit) {
    visit("tau", self.tau, range::steps);
    visit("random", self.random, range::any);
  }
  std::optional<std::size_t> steps() const noexcept { return tau; }
  bool is_synchronous() const noexcept { return false; }
  bool pulls() const noexcept { return false; }
  bool excludes() const noexcept { return false; }
  std::string_view timing(std::size_t /*callers*/) const noexcept {
    return "groups push by their own clocks";
  }
};

using discipline =
    std::variant<every, push_fetch, in_turn, on_token, random_neighbour,
                 barrier, quorum, bounded, one_of_group>;

// The same of whichever it is.
const discipline_traits& traits_of(const discipline& when) noexcept;
std::string_view name(const discipline& when) noexcept;
std::optional<std::size_t> steps(const discipline& when) noexcept;
bool is_synchronous(const discipline& when) noexcept;
bool pulls(const discipline& when) noexcept;
bool excludes(const discipline& when) noexcept;
std::string_view timing(const discipline& when, std::size_t callers) noexcept;

}  // namespace sounder::topology

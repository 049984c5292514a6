#pragma once

// When joined replicas meet. `tau` counts local steps (batches) between two
// meetings; the run chooses it by the cost of a meeting when it is not given.
//
// Each discipline says of itself, so that nobody who asks has to know them all:
//   name               that files and reports use
//   steps()            between two occasions, where it says so
//   is_synchronous()   all meet at once
//   pulls()            the far end's parameters are what comes back
//   excludes()         one at a time at the far end
// What it does when a link meets is in actors/sync/gate/, a file for each.

#include <cstddef>
#include <numeric>
#include <optional>
#include <string_view>
#include <variant>

namespace sounder::topology {

/// Every tau steps by the own clock, first come, first served. Meetings at
/// one hub go on side by side without a lock (EA-wild, HOGWILD-STAR), or one
/// after the other with one (asynchronous EASGD).
struct every {
  std::optional<std::size_t> tau;
  bool locked = false;

  static constexpr std::string_view name = "every";
  std::optional<std::size_t> steps() const noexcept { return tau; }
  bool is_synchronous() const noexcept { return false; }
  bool pulls() const noexcept { return false; }
  bool excludes() const noexcept { return locked; }
};

/// Push every n_push steps, fetch every n_fetch (Downpour).
struct push_fetch {
  std::size_t push = 1;
  std::size_t fetch = 1;

  static constexpr std::string_view name = "push-fetch";
  std::optional<std::size_t> steps() const noexcept {
    return std::gcd(push, fetch);
  }
  bool is_synchronous() const noexcept { return false; }
  bool pulls() const noexcept { return true; }
  bool excludes() const noexcept { return false; }
};

/// Every tau steps, the replicas at a hub one after the other in the order of
/// their links (EASGD).
struct in_turn {
  std::optional<std::size_t> tau;

  static constexpr std::string_view name = "in-turn";
  std::optional<std::size_t> steps() const noexcept { return tau; }
  bool is_synchronous() const noexcept { return false; }
  bool pulls() const noexcept { return false; }
  bool excludes() const noexcept { return false; }
};

/// When the token is here; it passes on after tau0 more steps (HOGWILD++).
/// Without tau0: the authors' 64, 16 above 4 and 4 above 10 clusters, or
/// more where a meeting would cost more than the steps in between.
struct on_token {
  std::optional<std::size_t> tau0;

  static constexpr std::string_view name = "on-token";
  std::optional<std::size_t> steps() const noexcept { return tau0; }
  bool is_synchronous() const noexcept { return false; }
  bool pulls() const noexcept { return false; }
  bool excludes() const noexcept { return false; }
};

/// Every tau steps with a neighbour drawn at random (AD-PSGD).
struct random_neighbour {
  std::optional<std::size_t> tau;

  static constexpr std::string_view name = "random-neighbour";
  std::optional<std::size_t> steps() const noexcept { return tau; }
  bool is_synchronous() const noexcept { return false; }
  bool pulls() const noexcept { return false; }
  bool excludes() const noexcept { return false; }
};

/// Every tau steps all together: nobody goes on before everybody has come.
/// Without tau: 1 for gradients (gradient, all_reduce), 100 for outer_step.
struct barrier {
  std::optional<std::size_t> tau;

  static constexpr std::string_view name = "barrier";
  std::optional<std::size_t> steps() const noexcept { return tau; }
  bool is_synchronous() const noexcept { return true; }
  bool pulls() const noexcept { return false; }
  bool excludes() const noexcept { return false; }
};

/// Every tau steps; nobody is more than `staleness` meetings ahead of the
/// slowest (SSP, Ho et al. 2013). 0 is bulk synchronous: a barrier.
struct bounded {
  std::optional<std::size_t> tau;
  std::size_t staleness = 3;

  static constexpr std::string_view name = "bounded";
  std::optional<std::size_t> steps() const noexcept { return tau; }
  bool is_synchronous() const noexcept { return staleness == 0; }
  bool pulls() const noexcept { return staleness > 0; }
  bool excludes() const noexcept { return staleness > 0; }
};

/// Every tau steps one member of each group of replicas that all_reduce links
/// join, always the first or a random one, without a lock; the group takes
/// the result over (EA-wild with synchronous groups).
struct one_of_group {
  std::optional<std::size_t> tau;
  bool random = false;

  static constexpr std::string_view name = "one-of-group";
  std::optional<std::size_t> steps() const noexcept { return tau; }
  bool is_synchronous() const noexcept { return false; }
  bool pulls() const noexcept { return false; }
  bool excludes() const noexcept { return false; }
};

using discipline =
    std::variant<every, push_fetch, in_turn, on_token, random_neighbour,
                 barrier, bounded, one_of_group>;

// The same of whichever it is.
std::string_view name(const discipline& when) noexcept;
std::optional<std::size_t> steps(const discipline& when) noexcept;
bool is_synchronous(const discipline& when) noexcept;
bool pulls(const discipline& when) noexcept;
bool excludes(const discipline& when) noexcept;

}  // namespace sounder::topology

#pragma once

// The far end of a discipline: who may be served now, and what follows from
// having been served. Without a thread or a message, and with no clock but the
// moments that are passed in, so that meetings in memory and over streams and a
// test that tries every order ask the very same code.
//
// A discipline is one file here, beside its value in topology/discipline.hpp:
//
//   make_gate(value, ranks)    the far end; null where it is always open
//   errands_of(value, steps)   the near end: what a replica wants of the link
//                              after so many local steps
//
// gates.cpp lists them; one that lacks either does not compile.

#include <chrono>
#include <cstddef>
#include <memory>
#include <optional>
#include <vector>

#include "actors/sync/errand.hpp"
#include "actors/sync/state_archive.hpp"
#include "topology/discipline.hpp"

namespace sounder::actors {

using moment = std::chrono::steady_clock::time_point;

/// The links of a target that have the same discipline: their ranks.
using gate_ranks = std::vector<std::size_t>;

/// Links are known by their ranks among all that end at the target.
///
/// Threads: one at a time; target::admits() and its like see to it.
class gate {
 public:
  virtual ~gate() = default;

  /// Whether the rank's errand may begin; of a sync, whether it may end.
  virtual bool admits(std::size_t rank, errand what) const = 0;
  /// The errand is over.
  virtual void served(std::size_t rank, errand what) = 0;

  /// For a sync, its payload has come.
  virtual void come(std::size_t /*rank*/, moment /*now*/) {}
  /// Whether a round is complete and nobody serves one. Whoever finds it so
  /// begins it, serves the payloads of its ranks, then says that it is served.
  virtual bool is_round_due(moment /*now*/) const { return false; }
  virtual gate_ranks begin_round() { return {}; }
  virtual void round_served() {}
  /// When a round will be due though nobody comes; nothing where none will.
  virtual std::optional<moment> round_due() const { return std::nullopt; }

  /// The rank comes no more before all others have come as often as it has.
  virtual void rests(std::size_t /*rank*/) {}

  /// All that changes of it, when no round is under way.
  virtual void keep(state_archive& all) = 0;
};

/// Of whichever it is.
std::unique_ptr<gate> gate_for(const topology::discipline& when,
                               const gate_ranks& ranks);
/// `moves_both`: of an exchange that moves both ends by one difference.
errand_list errands_for(const topology::discipline& when, std::size_t steps,
                        bool moves_both);

}  // namespace sounder::actors

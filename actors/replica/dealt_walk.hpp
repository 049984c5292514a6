#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <vector>

#include "actors/messages.hpp"
#include "actors/replica/way.hpp"

namespace sounder::actors {

/// What was dealt to a replica for a stride, phase by phase.
///
/// Threads: one at a time.
class dealt_walk {
 public:
  /// Throws std::invalid_argument when phases are none, or those of a way whose
  /// samples are not here.
  dealt_walk(assignment dealt, const known_ways& known);

  std::optional<stretch> next();

 private:
  std::vector<phase_range> parts_;
  std::map<std::uint32_t, way> ways_;
  std::size_t part_ = 0;
  std::uint64_t within_ = 0;  // phases of it that were handed out
};

}  // namespace sounder::actors

#pragma once

// Over nodes shares follow speed, too: the phases of a stride are dealt by what
// each replica has made of those before.

#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>
#include <vector>

namespace sounder::actors {

/// Phases [first, last) of a replica's way, for somebody to walk.
struct phase_range {
  std::uint32_t way = 0;  // replica, in the graph
  std::uint64_t first = 0;
  std::uint64_t last = 0;
};

/// A replica that phases are dealt to, and whose phases are dealt.
struct walker {
  std::uint32_t replica = 0;  // in the graph
  std::string_view place;     // of those at one all know each other's ways
  double speed = 0.0;         // phases a second; 0: nobody knows yet
  double busy_s = 0.0;        // seconds until it is done with the last dealing
  bool knows_all = false;     // has the samples of all ways that are common
  bool is_common = false;     // its way is
  bool takes_first = true;    // of its way, however slow it was
};

/// Who walks which of the phases [first, last) of every way, and in which
/// order. Each phase goes to one walker: its own, unless one who knows it would
/// be done with it sooner, all that was dealt before done. So all are done at
/// about the same time. Ways go on side by side, as if each walked its own: no
/// parameters become those of one way. The first part of its way is its own for
/// who `takes_first`, or nobody would ever know that it is slow no longer;
/// others may get nothing.
///
/// Cost: O(ways^2) for each of 64 parts of the phases at the most.
std::vector<std::vector<phase_range>> deal(std::span<const walker> all,
                                           std::uint64_t first,
                                           std::uint64_t last);

}  // namespace sounder::actors

#pragma once

// Whether a run of the graph comes to the same bits every time, on threads and
// nodes of any speed.

#include <string>

#include "topology/graph.hpp"

namespace sounder::topology {

/// Why not: a sentence about the first replica or link of which the outcome is
/// a matter of timing, and what to take instead; empty where there is none.
///
/// What is fixed   a replica of one worker; links of which the discipline says
///                 so (discipline.hpp), at a hub, by gossip or by all-reduce
/// What is not     workers that share a vector, by any rule: they read it while
///                 others write; parameters that are met while their own
///                 workers step
///
/// Rules of a user's own (custom) are taken to be functions of what they get.
///
/// Errors: none; links must join existing replicas, see validate.
/// Cost:   O(replicas + links).
std::string why_not_reproducible(const graph& wiring);

}  // namespace sounder::topology

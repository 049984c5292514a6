#pragma once

// --reproducible: the same options and data give the same bits, on threads and
// nodes. A choice of options where they leave the wiring open, and a check of
// what they say otherwise.

#include <string>

#include "actors/plan/training_plan.hpp"
#include "apps/sounder/options.hpp"

namespace sounder::app {

/// Whether --reproducible has to choose the wiring.
bool leaves_wiring_open(const settings& values);

/// The same values with the wiring that --reproducible takes for so many
/// threads, each a replica of its own: serial for one; for linear models
/// star-in-turn; for networks allreduce, the usual batch split among replicas.
settings with_reproducible_wiring(const settings& values, unsigned threads);

/// "reproducible: --topology star-in-turn --replicas 2"
std::string reproducible_note(const settings& chosen);

/// With --reproducible: refuses what makes the plan's outcome a matter of
/// timing, and lets replicas pause for evaluations. Errors: usage_error.
void make_reproducible(const settings& values, actors::training_plan& plan);

}  // namespace sounder::app

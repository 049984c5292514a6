#pragma once

// Who takes part in a run: replicas, hubs and tokens, here and on nodes, and
// who evaluates. Part of run.cpp's actor.

#include "actors/run/run.hpp"

namespace sounder::actors {

/// What lives here; and takes in what nodes have started.
void start_replicas(run_ptr self, const deployed_graph& deployed);

/// The workers here, while they pause, and one more on each core that is idle.
void find_evaluators(run_ptr self);

}  // namespace sounder::actors

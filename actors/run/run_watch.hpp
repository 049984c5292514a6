#pragma once

// Whether anybody gets anywhere. Part of run.cpp's actor.

#include "actors/run/run.hpp"

namespace sounder::actors {

/// Sends the run `watch` in a while.
void schedule_watch(run_ptr self);

/// Asks everybody how far it is, and ends a run in which nothing has moved for
/// too long.
void start_watch(run_ptr self);

}  // namespace sounder::actors

#pragma once

// Checkpoints of a run: when all rest, what each tells, when it is written, and
// how a run goes on from one. Part of run.cpp's actor.

#include <functional>

#include "actors/run/run.hpp"

namespace sounder::actors {

/// Has all rest at a goal when it is time, takes what they tell, and sends them
/// on.
void take_checkpoint_if_due(run_ptr self);

/// The last record is that of the checkpoint taken: it may be written.
void complete_checkpoint(run_ptr self);

/// Takes one more where all rest at the last record's epoch, which ends the
/// run, and calls then().
void take_last_checkpoint(run_ptr self, std::function<void()> then);

/// Writes the newest one, unless it is there, and calls then() when all are on
/// disk, or cannot be.
void write_newest_checkpoint(run_ptr self, std::function<void()> then);

/// Restores everybody from the checkpoint to go on from, if there is one, and
/// calls then().
void resume_from_checkpoint(run_ptr self, std::function<void()> then);

}  // namespace sounder::actors

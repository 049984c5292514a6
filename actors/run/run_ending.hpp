#pragma once

// How a run ends: at a goal, cut short, by an interrupt, or because somebody is
// gone. Part of run.cpp's actor.

#include <chrono>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "actors/run/run.hpp"

namespace sounder::actors {

/// Lets the recorder finish, then answers; happens once.
void finish(run_ptr self, stop_reason reason, std::string message = {});

/// Someone the run cannot do without is gone: so is the run. Whoever started
/// it gets to know why; without an answer it would wait for ever.
void break_off(run_ptr self, const caf::error& reason);

/// Calls then() with the parameters of these, in their order, or otherwise()
/// when somebody does not tell them, unless the round is closed before.
std::shared_ptr<snapshot_round> with_snapshots(
    run_ptr self, const std::vector<hub_actor>& whose,
    std::chrono::milliseconds deadline,
    std::function<void(const std::vector<parameters>&)> then,
    const std::function<void(const caf::error&)>& otherwise);

/// Puts the evaluators to the oldest evaluation, unless they are at one.
void evaluate_next(run_ptr self);

/// Ends a run that was stopped within an epoch, once the epochs before it
/// have their records and everybody has come home: after an evaluation of where
/// it stopped, unless somebody waits at the keyboard and it would take long.
void end_if_cut_short(run_ptr self);

/// A replica has come home before its goal.
void break_short(run_ptr self, const stepping_replica& at);

/// The run cannot go on without somebody. If that is because a node is gone,
/// or all are interrupted, the run is told so within moments, and says that
/// instead.
void lose(run_ptr self, const std::string& how, bool node_is_gone);

/// The moments are over.
void end_without_the_lost(run_ptr self);

/// Everybody shall come home.
void interrupt(run_ptr self);

/// Has the run told when a node is gone, or fails, and when it is interrupted.
void watch_nodes(run_ptr self);

}  // namespace sounder::actors

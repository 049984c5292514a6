#pragma once

#include <functional>
#include <stdexcept>

#include "actors/plan/run_report.hpp"
#include "actors/plan/training_plan.hpp"
#include "actors/run/checkpoint.hpp"
#include "kernels/data/dataset.hpp"

namespace sounder::actors {

/// Called with every epoch's record, in order, from one thread that is not
/// the caller's.
using epoch_observer = std::function<void(const epoch_record&)>;

/// Runs the plan to its end on this machine and returns what came out.
///
/// Blocks. The data is shared, never copied. `test_set` may be empty.
/// Keeps checkpoints as `keeps` says, and goes on from one of the same data,
/// objective and steps; where the graph is another than that of the run that
/// left it, all begin with its model. What goes wrong with the files ends
/// nothing: the report says so.
/// Throws std::invalid_argument with all problems, one a line, when
/// validate(plan, ...) finds any or a checkpoint does not fit,
/// std::runtime_error with the words of what the plan's objective or rule
/// throws while running. Everything else that happens (divergence, a stall, an
/// interrupt) is in the report.
///
/// Threads: one call at a time in a process is what machines are built for, but
/// several work.
run_report train(const training_plan& plan, const kernels::dataset& train_set,
                 const kernels::dataset& test_set = {},
                 const epoch_observer& observer = {},
                 const checkpointing& keeps = {});

}  // namespace sounder::actors

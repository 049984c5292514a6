#pragma once

#include <functional>
#include <stdexcept>

#include "actors/plan/run_report.hpp"
#include "actors/plan/training_plan.hpp"
#include "kernels/data/dataset.hpp"

namespace sounder::actors {

/// Called with every epoch's record, in order, from one thread that is not
/// the caller's.
using epoch_observer = std::function<void(const epoch_record&)>;

/// Runs the plan to its end on this machine and returns what came out.
///
/// Blocks. The data is shared, never copied. `test_set` may be empty.
/// Throws std::invalid_argument with all problems, one a line, when
/// validate(plan, ...) finds any, std::runtime_error with the words of what
/// the plan's objective or rule throws while running. Everything else that
/// happens (divergence, a stall, an interrupt) is in the report.
/// Threads: one call at a time in a process is what machines are built for,
/// but several work.
run_report train(const training_plan& plan, const kernels::dataset& train_set,
                 const kernels::dataset& test_set = {},
                 const epoch_observer& observer = {});

}  // namespace sounder::actors

#pragma once

// From options to a training plan. Everything is checked before any data is
// read: a typo must not cost a load.

#include <string>
#include <vector>

#include "actors/plan/learning_defaults.hpp"
#include "actors/plan/training_plan.hpp"
#include "apps/sounder/options.hpp"
#include "apps/sounder/wiring_options.hpp"
#include "apps/sounder/workload.hpp"
#include "kernels/model/linear.hpp"

namespace sounder::app {

option_group model_options();
/// Step size, batch, order, evaluation and stopping.
std::vector<option_group> schedule_options();

model_choice read_model(const settings& values);

/// The plan for that graph, all but objective and start, with defaults that
/// know nothing of the data. Some systems want another optimizer or schedule,
/// unless the options say which.
actors::training_plan read_plan(const settings& values,
                                const chosen_wiring& wiring);

/// Puts epochs, batch and steps into the plan: those of the options, else these
/// defaults, for which the data must be known.
void adopt_defaults(const settings& values,
                    const actors::learning_defaults& usual,
                    actors::training_plan& plan);

/// Samples a step of a network, where nobody says.
inline constexpr std::size_t network_batch = 32;

/// Whether the step size is left to the program.
bool finds_step(const settings& values);

std::shared_ptr<const kernels::objective> make_objective(
    const model_choice& choice, const workload& work);

}  // namespace sounder::app

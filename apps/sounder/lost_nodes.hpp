#pragma once

// What becomes of a run whose nodes do not come back.

#include <chrono>
#include <string>
#include <vector>

#include "actors/plan/training_plan.hpp"
#include "apps/sounder/options.hpp"

namespace sounder::app {

/// The addresses of the plan's nodes that do not answer, after so long at the
/// most; none after an interrupt.
std::vector<std::string> absent_nodes(const actors::training_plan& plan,
                                      std::chrono::duration<double> wait);

/// These options without that node.
/// Throws usage_error when it was the last, or a wiring file needs it.
settings without_node(const settings& values, const std::string& address);

}  // namespace sounder::app

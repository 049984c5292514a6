#pragma once

#include <string>

#include "kernels/network/network.hpp"

namespace sounder::app {

/// Where the time of a network's steps and evaluations went, layer by layer,
/// after network::measure_times.
std::string profile(const kernels::network& net);

}  // namespace sounder::app

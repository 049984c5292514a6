#pragma once

#include <string>

#include <nlohmann/json.hpp>

#include "kernels/network/network.hpp"

namespace sounder::app {

/// Where the time of a network's steps and evaluations went, layer by layer,
/// after network::measure_times.
std::string profile_text(const kernels::network& net);

/// The same: [{"layer", "forward_s", "backward_s", "flops"}, ..].
nlohmann::ordered_json profile_json(const kernels::network& net);

}  // namespace sounder::app

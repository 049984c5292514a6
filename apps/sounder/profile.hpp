#pragma once

#include <string>

#include <nlohmann/json.hpp>

#include "kernels/network/network.hpp"

namespace sounder::app {

/// Where the time of a network's steps went, layer by layer, after
/// network::measure_times. `steps_s`: how long all workers have stepped; what
/// the layers did not take of it is a row of its own.
std::string profile_text(const kernels::network& net, double steps_s);

/// The layers: [{"layer", "forward_s", "backward_s", "flops"}, ..].
nlohmann::ordered_json profile_json(const kernels::network& net);

}  // namespace sounder::app

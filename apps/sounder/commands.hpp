#pragma once

#include <functional>
#include <string>
#include <vector>

#include "apps/sounder/options.hpp"

namespace sounder::app {

command train_command();
/// What train does; `revive` brings back nodes that have ended, where somebody
/// can: launch.
int train(const invocation& given, const std::function<void()>& revive);
command evaluate_command();
command predict_command();
command compare_command();
command model_command();
command topology_command();
command node_command();
command status_command();

/// sounder launch, whose options are those of train and a few of its own.
int launch(const std::vector<std::string>& words);
std::string launch_help();
command info_command();
command generate_command();
command convert_command();
command split_command();

}  // namespace sounder::app

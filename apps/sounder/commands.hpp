#pragma once

#include "apps/sounder/options.hpp"

namespace sounder::app {

command train_command();
command evaluate_command();
command predict_command();
command compare_command();
command topology_command();
command info_command();
command generate_command();
command convert_command();
command split_command();

}  // namespace sounder::app

#pragma once

#include <string>

#include "apps/sounder/options.hpp"
#include "kernels/data/train_test.hpp"

namespace sounder::app {

/// --rows, --test-rows and what shapes a generated set. `kind` is the option
/// that chooses the generator: "kind" or "generate".
option_group generator_options(const std::string& kind);

/// Makes the set that the options describe, or checks them only.
/// Throws usage_error.
kernels::train_test generate(const settings& values, const std::string& kind);

}  // namespace sounder::app

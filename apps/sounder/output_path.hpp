#pragma once

// Files that options name for output, and the standard output among them.

#include <string>

#include "apps/sounder/options.hpp"

namespace sounder::app {

/// What `option` names, for kernels::atomic_file: '-' is standard output.
/// Empty when it names nothing.
std::string output_path(const settings& values, const std::string& option);

/// The same for a command that has its result on standard output.
/// Errors: usage_error when the option names that, too.
const std::string& output_file(const settings& values,
                               const std::string& option);

/// Whether both are the same file or folder; what is not there yet by its name.
bool are_same(const std::string& a, const std::string& b);

/// Errors: usage_error when both options name the same place.
void check_outputs(const settings& values, const std::string& first,
                   const std::string& second);

}  // namespace sounder::app

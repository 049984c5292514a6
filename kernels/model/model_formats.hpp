#pragma once

// The two formats behind model_file.hpp, on memory. `name` opens messages.

#include <string>
#include <string_view>

#include "kernels/model/model_file.hpp"

namespace sounder::kernels::formats {

std::string to_text(const model& trained, const std::string& name);
model from_text(std::string_view content, const std::string& name);

std::string to_npz(const model& trained, const std::string& name);
model from_npz(std::string_view content, const std::string& name);

}  // namespace sounder::kernels::formats

#pragma once

#include <span>
#include <string>

#include "actors/plan/link_record.hpp"

namespace sounder::app {

/// What links have seen; of more than most_rows the first, and how many more.
std::string link_table(std::span<const actors::link_record> links);

}  // namespace sounder::app

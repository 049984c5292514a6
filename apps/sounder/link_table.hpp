#pragma once

#include <span>
#include <string>

#include "actors/link_record.hpp"

namespace sounder::app {

constexpr std::size_t most_rows = 20;  // of a printed table

/// What links have seen; of more than most_rows the first, and how many more.
std::string link_table(std::span<const actors::link_record> links);

}  // namespace sounder::app

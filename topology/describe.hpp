#pragma once

// Exchanges and disciplines in words, for drawings and reports.

#include <string>
#include <utility>
#include <vector>

#include "topology/graph.hpp"

namespace sounder::topology {

/// The name, and what differs from the defaults: "elastic (alpha 0.1)",
/// "every (tau 100, locked)".
std::string describe(const exchange& rule);
std::string describe(const discipline& when);
std::string describe(const compression& how);

/// All of a link's: "elastic, every (tau 100)", and ", fp16" when compressed.
std::string describe(const link& l);

/// "no workers" (a hub), "1 worker", "4 workers, write-lock".
std::string describe(const replica& r);

/// Each field of a discipline by its name, and in words; those that are not
/// given are left out.
using field_texts = std::vector<std::pair<std::string, std::string>>;
field_texts fields_of(const discipline& when);

/// Whether both ends do the same, so that the direction of a link means
/// nothing: broadcast-delta, pair-average, mix, all-reduce.
bool is_symmetric(const exchange& rule) noexcept;

}  // namespace sounder::topology

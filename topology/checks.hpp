#pragma once

// The parts of validate. Each adds its problems. The first ones look at each
// replica and link by itself; those from connected() on expect links that join
// two existing replicas.

#include <cstddef>
#include <string>
#include <vector>

#include "topology/graph.hpp"
#include "topology/structure.hpp"

namespace sounder::topology::checks {

using problems = std::vector<std::string>;

void replicas(const graph& wiring, problems& found);
void links(const graph& wiring, problems& found);
void numbers(const graph& wiring, problems& found);
void pairs(const graph& wiring, problems& found);
void connected(const graph& wiring, problems& found);
void tokens(const graph& wiring, problems& found);
void hubs(const graph& wiring, problems& found);
void parts(const graph& wiring, problems& found);
void groups(const graph& wiring, problems& found);
void waits(const graph& wiring, problems& found);

/// "'hub'"
std::string quoted(const graph& wiring, std::size_t number);
/// "link 'replica-2' -> 'hub'"
std::string named(const graph& wiring, std::size_t link);
/// "'a', 'b', 'c' and 5 more"
std::string listed(const graph& wiring,
                   const std::vector<std::size_t>& numbers);

/// A number as people write it: 0.25, not 0.250000.
std::string plain(double value);

/// Whether any link begins or ends at the replica.
bool ends_at(const graph& wiring, std::size_t number) noexcept;

}  // namespace sounder::topology::checks

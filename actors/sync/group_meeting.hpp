#pragma once

// Meetings of synchronous groups: all-reduce; and one member's meeting with a
// hub on behalf of all, EA-wild with groups (Wongpanich, You, Demmel).

#include <memory>

#include "actors/sync/group_exchange.hpp"
#include "actors/sync/meeting.hpp"
#include "kernels/data/random.hpp"

namespace sounder::actors {

/// w = mean of the members' w, or of their gradients where they stand before
/// the optimizer, to the same bits at every member. Nobody keeps a published
/// copy while he waits.
std::unique_ptr<meeting> reduce_together(std::shared_ptr<group_exchange> group,
                                         std::shared_ptr<link_meter> meter);

/// One member of the group meets by `inner`; all take the result over. The
/// first one, or with `random`, which must be the same stream everywhere, one
/// drawn afresh every time.
std::unique_ptr<meeting> push_for_group(
    std::shared_ptr<group_exchange> group, std::unique_ptr<meeting> inner,
    std::unique_ptr<kernels::random_stream> random);

}  // namespace sounder::actors

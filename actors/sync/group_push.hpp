#pragma once

// One member's meeting with a hub on behalf of its synchronous group: EA-wild
// with groups (Wongpanich, You, Demmel).

#include <memory>
#include <string>
#include <vector>

#include "actors/sync/all_reduce_meeting.hpp"
#include "actors/sync/meeting.hpp"
#include "actors/sync/rules.hpp"
#include "kernels/data/random.hpp"

namespace sounder::actors {

/// How the group takes over what its pusher has come home with.
class handing_on {
 public:
  virtual ~handing_on() = default;
  /// True when it is over; as meeting::attend(). `pusher` is a rank.
  virtual bool attend(local_end& own, std::size_t pusher) = 0;
  virtual void wait() = 0;
};

/// Within a process.
std::unique_ptr<handing_on> hand_on_in_memory(
    std::shared_ptr<reduce_group> group, std::size_t rank);

/// Over the streams of the group's all-reduce: from the pusher to its leader,
/// along the ring, and to the members. Bytes: |w| to each but the pusher.
std::unique_ptr<handing_on> hand_on_by_wire(reduce_ways ways,
                                            std::vector<group_place> places,
                                            std::size_t rank,
                                            std::shared_ptr<link_meter> meter);

/// One member of the group meets by `inner`; all take the result over. The
/// first one, or with `random`, which must be the same stream everywhere, one
/// drawn afresh every time.
struct group_pusher {
  std::unique_ptr<meeting> inner;
  std::unique_ptr<handing_on> after;
  std::string name;  // of the member
  std::size_t rank = 0;
  std::size_t members = 1;
  std::unique_ptr<kernels::random_stream> random;
};
std::unique_ptr<meeting> push_for_group(group_pusher pusher);

}  // namespace sounder::actors

#pragma once

// What a member brings to its all-reduce, and what it takes from it.

#include <span>
#include <vector>

#include "actors/sync/local_end.hpp"

namespace sounder::actors {

/// A gradient and its step size where they stand before the optimizer,
/// otherwise parameters. The values are the replica's own, which nobody else
/// touches while it is at rest; of one that others meet meanwhile, a copy.
class group_payload {
 public:
  /// False while somebody else holds the published copy, as take().
  bool bring(local_end& own);
  /// `result` may be values() themselves.
  bool take(local_end& own, const float* result);

  std::span<float> values() const noexcept { return values_; }

 private:
  std::span<float> values_;
  std::vector<float> asked_;  // of one that others meet, when it came
  std::vector<float> copy_;
};

}  // namespace sounder::actors

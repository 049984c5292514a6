#pragma once

// What numbers the fields of exchanges, disciplines and other choices may be.

#include <string>

namespace sounder::topology {

/// What a field may be; said by validate.
enum class range {
  any,
  steps,         // 1 or more
  count,         // 1 or more
  milliseconds,  // up to a day
  share,         // above 0, below 1
  momentum,      // 0 or more, below 1
  positive,      // above 0
  not_negative,  // 0 or more
  sparse_share,  // above 0, below 0.5
  rule,          // the name of a rule that the plan has
};

bool is_within(double value, range allowed) noexcept;

/// "it must be above 0"; empty where nothing is limited.
std::string limits(range allowed);

}  // namespace sounder::topology

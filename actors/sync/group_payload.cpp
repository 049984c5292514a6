#include "actors/sync/group_payload.hpp"

#include <algorithm>

namespace sounder::actors {

bool group_payload::bring(local_end& own) {
  if (own.has_gradient()) {
    values_ = own.gradient();
    return true;
  }
  if (!own.try_hold()) {
    return false;
  }
  own.open_all();
  values_ = {own.parameters(), own.size()};
  if (own.published()) {
    asked_.assign(values_.begin(), values_.end());
    copy_ = asked_;
    values_ = copy_;
  }
  own.let_go();
  return true;
}

bool group_payload::take(local_end& own, const float* result) {
  const bool is_in_place = result == values_.data();
  if (own.has_gradient()) {
    if (!is_in_place) {
      std::copy_n(result, values_.size(), values_.data());
    }
    return true;
  }
  if (!own.try_hold()) {
    return false;
  }
  if (own.published()) {
    own.move(asked_.data(), result);
  } else if (!is_in_place) {
    own.assign(result);
  }
  own.let_go();
  return true;
}

}  // namespace sounder::actors

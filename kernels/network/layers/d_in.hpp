#pragma once

// What backward does with the derivatives by an input: sets them, or adds to
// those that another reader of the input has left.

#include <algorithm>
#include <cstddef>

#include "kernels/network/layer.hpp"

namespace sounder::kernels::layers {

/// target = value, or target += value where it is set already.
template <class Target, class Value>
void set_or_add(Target&& target, const Value& value, bool is_set) {
  if (is_set) {
    target.noalias() += value;
  } else {
    target.noalias() = value;
  }
}

/// The first input's n derivatives, for layers that add to some of them: what
/// is not set yet begins at 0. Null where nobody asks.
inline float* cleared_d_in(const layer_pass& pass, std::size_t n) {
  if (pass.d_in[0] != nullptr && !pass.d_in_is_set[0]) {
    std::fill_n(pass.d_in[0], n, 0.0F);
  }
  return pass.d_in[0];
}

}  // namespace sounder::kernels::layers

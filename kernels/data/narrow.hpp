#pragma once

#include <cstddef>
#include <cstdint>

#include "kernels/data/dataset.hpp"

namespace sounder::kernels {

/// Samples without the features that something does not know.
struct narrowed {
  dataset data;
  std::size_t features_left_out = 0;  // different ones that a sample had
};

/// Sparse samples with the first `features` features of theirs alone; of
/// fewer, widened.
/// Cost: O(values): in place for a set that nobody else shares, a copy of the
///       others.
narrowed narrow(dataset&& data, std::size_t features);

}  // namespace sounder::kernels

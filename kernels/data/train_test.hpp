#pragma once

#include "kernels/data/dataset.hpp"

namespace sounder::kernels {

/// Samples to learn from and samples to judge by, of the same kind.
struct train_test {
  dataset train;
  dataset test;
};

}  // namespace sounder::kernels

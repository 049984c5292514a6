#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <mutex>
#include <span>
#include <vector>

namespace sounder::kernels {

enum class order_kind {
  sequential,  // the rows as they are in memory
  shuffle,     // a fresh uniform permutation every epoch
  block,       // blocks of rows in a fresh order, rows shuffled within a chunk
};

struct order_spec {
  order_kind kind = order_kind::block;
  std::size_t block_rows = 32;  // for block
  std::uint64_t seed = 1;
};

}  // namespace sounder::kernels

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
  block,       // blocks of neighbours in a fresh order
};

struct order_spec {
  order_kind kind = order_kind::block;
  std::size_t block_rows = 32;  // for block
  std::uint64_t seed = 1;
};

/// The order in which an epoch visits the rows: a permutation that depends on
/// the seed and the epoch alone.
///
/// `block` walks runs of block_rows neighbours in order, so that the hardware
/// streams them, and the runs in a random one. They start at another row in
/// every epoch, so the same rows do not stay together. On RCV1 it steps twice
/// as fast as `shuffle` and reaches the same objective; rows sorted by label
/// want `shuffle`.
///
/// Cost:    O(rows) an epoch for shuffle, O(rows / block_rows) for block,
///          paid by the first caller of an epoch, plus O(out) a call.
/// Threads: fill() may run from many threads at once.
class row_order {
 public:
  row_order(std::size_t rows, order_spec spec);

  /// Writes the rows at positions [first, first + out.size()) of the epoch's
  /// walk.
  void fill(unsigned epoch, std::size_t first, std::span<std::uint32_t> out);

 private:
  struct epoch_blocks {
    unsigned epoch = 0;
    std::size_t rotation = 0;
    std::vector<std::uint32_t> block;  // visited in this order
  };

  std::shared_ptr<const epoch_blocks> blocks_of(unsigned epoch);

  std::size_t rows_;
  order_spec spec_;
  std::mutex mutex_;  // guards recent_
  std::shared_ptr<const epoch_blocks> recent_[2];
};

}  // namespace sounder::kernels

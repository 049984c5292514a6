#pragma once

#include <algorithm>
#include <bit>
#include <cstddef>
#include <cstdint>

namespace sounder::kernels {

/// Part k of n of the rows of a data set: blocks of neighbours, dealt out like
/// cards, so that every shard sees the whole file and still reads it in runs.
/// The shards are disjoint and cover all rows; their sizes differ by less
/// than a block.
///
/// Blocks have 256 rows, or a smaller power of two where that would leave a
/// shard less than eight blocks.
class shard {
 public:
  shard() = default;
  shard(std::size_t rows, std::size_t k, std::size_t n) noexcept
      : part_(k),
        parts_(n),
        shift_(static_cast<unsigned>(std::bit_width(
                   std::clamp<std::size_t>(rows / (8 * n), 1, 256))) -
               1) {
    const std::size_t block = std::size_t{1} << shift_;
    const std::size_t blocks = rows / block;
    rows_ = (blocks / n + (k < blocks % n ? 1 : 0)) * block +
            (k == blocks % n ? rows % block : 0);
  }

  std::size_t rows() const noexcept { return rows_; }
  /// Whether row i of the shard is row i of the data set.
  bool is_whole() const noexcept { return parts_ == 1; }

  /// The row of the data set that is row i of the shard.
  std::uint32_t row(std::uint32_t i) const noexcept {
    const std::size_t block = i >> shift_;
    const std::size_t within = i & ((std::size_t{1} << shift_) - 1);
    return static_cast<std::uint32_t>(((block * parts_ + part_) << shift_) +
                                      within);
  }

 private:
  std::size_t rows_ = 0;
  std::size_t part_ = 0;
  std::size_t parts_ = 1;
  unsigned shift_ = 0;  // of a block's size
};

}  // namespace sounder::kernels

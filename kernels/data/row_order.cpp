#include "kernels/data/row_order.hpp"

#include <algorithm>
#include <numeric>

#include "kernels/assert.hpp"
#include "kernels/data/random.hpp"

namespace sounder::kernels {

row_order::row_order(std::size_t rows, order_spec spec)
    : rows_(rows), spec_(spec) {
  if (spec_.kind != order_kind::block) {
    spec_.block_rows = 1;
  }
  spec_.block_rows = std::max<std::size_t>(spec_.block_rows, 1);
}

std::shared_ptr<const row_order::epoch_blocks> row_order::blocks_of(
    unsigned epoch) {
  const std::scoped_lock lock(mutex_);
  auto& slot = recent_[epoch % 2];
  if (!slot || slot->epoch != epoch) {
    auto fresh = std::make_shared<epoch_blocks>();
    random_stream random(spec_.seed, epoch);
    fresh->epoch = epoch;
    fresh->rotation = spec_.block_rows > 1
                          ? random.below(static_cast<std::uint32_t>(rows_))
                          : 0;
    fresh->block.resize(rows_ / spec_.block_rows);
    std::iota(fresh->block.begin(), fresh->block.end(), 0U);
    shuffle(std::span(fresh->block), random);
    slot = std::move(fresh);
  }
  return slot;
}

void row_order::fill(unsigned epoch, std::size_t first,
                     std::span<std::uint32_t> out) {
  SOUNDER_ASSERT(first + out.size() <= rows_);
  if (spec_.kind == order_kind::sequential) {
    std::iota(out.begin(), out.end(), static_cast<std::uint32_t>(first));
    return;
  }
  const auto blocks = blocks_of(epoch);
  const std::size_t width = spec_.block_rows;
  if (width == 1) {
    std::copy_n(blocks->block.begin() + static_cast<std::ptrdiff_t>(first),
                out.size(), out.begin());
    return;
  }
  // Whole blocks come first; the rows left over close the walk.
  for (std::size_t done = 0; done < out.size();) {
    const std::size_t block = (first + done) / width;
    const std::size_t offset = (first + done) % width;
    const std::size_t begin =
        block < blocks->block.size() ? blocks->block[block] : block;
    const std::size_t run = std::min(width - offset, out.size() - done);
    const std::size_t row = begin * width + offset + blocks->rotation;
    for (std::size_t i = 0; i < run; ++i) {
      const std::size_t turned = row + i;
      out[done + i] =
          static_cast<std::uint32_t>(turned < rows_ ? turned : turned - rows_);
    }
    done += run;
  }
}

}  // namespace sounder::kernels

#pragma once

// Windows over the positions of an image, for pools.

#include <algorithm>
#include <cstddef>
#include <utility>

#include "kernels/network/layer.hpp"
#include "kernels/network/layer_line.hpp"

namespace sounder::kernels::layers {

/// Windows of kernel x kernel at every stride-th position. Those that reach
/// over the edge, by padding or by rounding up, see the image's part alone;
/// none is wholly outside.
struct windows {
  shape in;
  shape out;
  std::size_t kernel = 2;
  std::size_t stride = 2;
  std::size_t pad = 0;

  /// Calls use(output position, first and last row and column of its window),
  /// for the positions of one image.
  template <class Use>
  void each(Use use) const {
    for (std::size_t y = 0; y < out.height; ++y) {
      const auto [top, bottom] = range(y, in.height);
      for (std::size_t x = 0; x < out.width; ++x) {
        const auto [left, right] = range(x, in.width);
        use(y * out.width + x, top, bottom, left, right);
      }
    }
  }

  std::pair<std::size_t, std::size_t> range(std::size_t at,
                                            std::size_t size) const noexcept {
    const std::size_t begin = at * stride;
    return {begin < pad ? 0 : begin - pad,
            std::min(begin + kernel < pad ? 0 : begin + kernel - pad, size)};
  }
};

/// SIZE stride=S pad=P ceil.
/// Errors: layer_error for what does not fit the input.
windows read_windows(layer_words& words, const shape& in);

/// What pools over windows have in common.
class pooling : public layer {
 public:
  explicit pooling(const windows& w) : w_(w) {}

  shape output() const noexcept override { return w_.out; }
  double flops() const noexcept override {
    return static_cast<double>(w_.kernel * w_.kernel * w_.out.size());
  }
  bool backward_reads_input() const noexcept override { return false; }

 protected:
  windows w_;
};

}  // namespace sounder::kernels::layers

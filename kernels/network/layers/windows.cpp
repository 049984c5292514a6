#include "kernels/network/layers/windows.hpp"

#include <fmt/format.h>

namespace sounder::kernels::layers {

namespace {

std::size_t outputs_along(std::size_t size, const windows& w, bool ceil) {
  const std::size_t room = size + 2 * w.pad - w.kernel;
  const std::size_t count = (room + (ceil ? w.stride - 1 : 0)) / w.stride + 1;
  // A window that would begin beyond the image has nothing to see.
  return (count - 1) * w.stride >= size + w.pad ? count - 1 : count;
}

}  // namespace

windows read_windows(layer_words& words, const shape& in) {
  windows w;
  w.in = in;
  w.kernel = words.count("size of the window");
  w.stride = words.option("stride", w.kernel, 1);
  w.pad = words.option("pad", 0);
  const bool ceil = words.flag("ceil");
  if (2 * w.pad > w.kernel) {
    words.fail(
        fmt::format("a padding of {} is more than half the window", w.pad));
  }
  if (w.kernel > in.height + 2 * w.pad || w.kernel > in.width + 2 * w.pad) {
    words.fail(fmt::format("a window of {0}x{0} does not fit its input, {1}",
                           w.kernel, to_text(in)));
  }
  w.out = {outputs_along(in.height, w, ceil), outputs_along(in.width, w, ceil),
           in.channels};
  return w;
}

}  // namespace sounder::kernels::layers

#pragma once

// Convolution without gathering patches: the hot loop of image networks.
//
// A tile of the output, some neighbouring positions by one or two vectors of
// channels, stays in registers while the filter goes by. The values of the
// image that a position sees in one row of the filter are neighbours in
// memory (channels next to each other, then columns), so that nothing has to
// be copied but the border of zeros.

#include <cstddef>

namespace sounder::kernels {

/// Sizes of a convolution over an image that has its padding already.
struct convolution_sizes {
  std::size_t height = 1;  // of the padded image
  std::size_t width = 1;
  std::size_t channels = 1;
  std::size_t kernel_height = 1;
  std::size_t kernel_width = 1;
  std::size_t stride = 1;
  std::size_t filters = 1;

  std::size_t out_height() const noexcept {
    return (height - kernel_height) / stride + 1;
  }
  std::size_t out_width() const noexcept {
    return (width - kernel_width) / stride + 1;
  }
  /// Floats of the image under a row of the filter.
  std::size_t across() const noexcept { return kernel_width * channels; }
  std::size_t patch() const noexcept { return kernel_height * across(); }
};

/// Filters so rounded up that they are whole vectors.
std::size_t padded_filters(std::size_t filters) noexcept;

/// Floats of packed filters, or of their gradient.
std::size_t packed_size(const convolution_sizes& sizes) noexcept;

/// filters[o * patch + k] as convolve() wants them; `packed` has
/// packed_size() floats.
void pack_filters(const convolution_sizes& sizes, const float* filters,
                  float* packed) noexcept;

/// out[y, x, o] = bias[o] + sum_{ky, kx, c}
///     filter[o, ky, kx, c] image[y s + ky, x s + kx, c]
///
/// or added to what is there (`adds`). No bias: null. Positions of out are
/// `out_step` floats apart. Cost: 2 * patch flops for each output; about 0.9
/// of the processor's multiply-add rate with 16 filters or more.
void convolve(const convolution_sizes& sizes, const float* image,
              const float* packed, const float* bias, bool adds, float* out,
              std::size_t out_step) noexcept;

/// Adds sum_{y, x} image[y s + ky, x s + kx, c] d_out[y, x, o] to the packed
/// gradient. d_out has padded_filters() channels a position; what the padding
/// holds is left out by unpack_filters(). Cost as convolve().
void add_filter_gradient(const convolution_sizes& sizes, const float* image,
                         const float* d_out, float* packed) noexcept;

/// The other way round.
void unpack_filters(const convolution_sizes& sizes, const float* packed,
                    float* filters) noexcept;

}  // namespace sounder::kernels

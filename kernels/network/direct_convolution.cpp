#include "kernels/network/direct_convolution.hpp"

#include <algorithm>
#include <cstring>
#include <utility>

namespace sounder::kernels {

namespace {

#if defined(__AVX512F__)
constexpr std::size_t lanes = 16;
#elif defined(__AVX__)
constexpr std::size_t lanes = 8;
#else
constexpr std::size_t lanes = 4;
#endif

using vec = float __attribute__((vector_size(lanes * sizeof(float))));

vec load(const float* from) noexcept {
  vec value;
  std::memcpy(&value, from, sizeof(value));
  return value;
}

void store(const vec& value, float* to) noexcept {
  std::memcpy(to, &value, sizeof(value));
}

/// Filters come in blocks of two vectors, the last one of one where that is
/// enough. use(first filter, vectors as a constant).
template <class Use>
void for_blocks(std::size_t filters, Use use) {
  for (std::size_t first = 0; first < filters;) {
    if (filters - first > lanes) {
      use(first, std::integral_constant<std::size_t, 2>());
      first += 2 * lanes;
    } else {
      use(first, std::integral_constant<std::size_t, 1>());
      first += lanes;
    }
  }
}

/// Most positions (or values of a filter's row) a tile may have: with two
/// vectors, what fills 16 registers together with the filter and a broadcast
/// value; with one, as many as there are registers to point at them.
template <std::size_t Vectors>
constexpr std::size_t most_in_tile = Vectors == 2 ? 6 : 8;

/// Calls use(constant n) with the constant that `count` is.
template <std::size_t Most, class Use>
void with_constant(std::size_t count, Use use) {
  if constexpr (Most > 0) {
    if (count == Most) {
      use(std::integral_constant<std::size_t, Most>());
    } else {
      with_constant<Most - 1>(count, use);
    }
  }
}

/// Cuts [0, n) into the fewest pieces of at most `Most`, of nearly one size:
/// use(first, constant size).
template <std::size_t Most, class Use>
void for_tiles(std::size_t n, Use use) {
  const std::size_t pieces = (n + Most - 1) / Most;
  for (std::size_t i = 0; i < pieces; ++i) {
    const std::size_t first = n * i / pieces;
    with_constant<Most>(n * (i + 1) / pieces - first,
                        [&](auto size) { use(first, size); });
  }
}

/// The sums of a tile: Positions neighbours that are `step` floats apart in
/// the image, all rows of the filter.
template <std::size_t Positions, std::size_t Vectors>
void sum_tile(const convolution_sizes& s, const float* image,
              const float* packed, vec (&sums)[Positions][Vectors]) noexcept {
  const std::size_t step = s.stride * s.channels;
  const std::size_t across = s.across();
  for (std::size_t ky = 0; ky < s.kernel_height; ++ky) {
    const float* const row = image + ky * s.width * s.channels;
    for (std::size_t k = 0; k < across; ++k, packed += Vectors * lanes) {
      vec filter[Vectors];
#pragma GCC unroll 2
      for (std::size_t v = 0; v < Vectors; ++v) {
        filter[v] = load(packed + v * lanes);
      }
#pragma GCC unroll 8
      for (std::size_t p = 0; p < Positions; ++p) {
        const float x = row[p * step + k];
#pragma GCC unroll 2
        for (std::size_t v = 0; v < Vectors; ++v) {
          sums[p][v] += x * filter[v];
        }
      }
    }
  }
}

/// Copies n < 2 * lanes floats, in pieces of constant size.
void copy_few(const float* from, std::size_t n, float* to) noexcept {
  const auto piece = [&](auto size) {
    if ((n & size()) != 0) {
      std::memcpy(to, from, size() * sizeof(float));
      to += size();
      from += size();
    }
  };
  piece(std::integral_constant<std::size_t, 16>());
  piece(std::integral_constant<std::size_t, 8>());
  piece(std::integral_constant<std::size_t, 4>());
  piece(std::integral_constant<std::size_t, 2>());
  piece(std::integral_constant<std::size_t, 1>());
}

/// Stores a tile's position, as many filters of it as there are.
template <std::size_t Vectors>
void store_position(const vec (&sums)[Vectors], bool adds, std::size_t filters,
                    float* out) noexcept {
  constexpr std::size_t all = Vectors * lanes;
  if (filters >= all) {
#pragma GCC unroll 2
    for (std::size_t v = 0; v < Vectors; ++v) {
      store(adds ? load(out + v * lanes) + sums[v] : sums[v], out + v * lanes);
    }
    return;
  }
  float values[all];
  std::memcpy(values, sums, sizeof(values));
  if (adds) {
    for (std::size_t o = 0; o < filters; ++o) {
      values[o] += out[o];
    }
  }
  copy_few(values, filters, out);
}

/// Rows of the output whose derivatives stay in the first cache.
std::size_t band_of(const convolution_sizes& s) noexcept {
  constexpr std::size_t floats = std::size_t{1} << 12U;
  return std::max<std::size_t>(
      1, floats / (s.out_width() * padded_filters(s.filters)));
}

/// Adds one tile of the gradient, `Values` neighbours of the filter's row ky
/// from k on, over rows [first, last) of the output.
template <std::size_t Values, std::size_t Vectors>
void add_tile(const convolution_sizes& s, const float* image,
              const float* d_out, std::size_t first, std::size_t last,
              float* packed) noexcept {
  const std::size_t step = s.stride * s.channels;
  const std::size_t filters = padded_filters(s.filters);
  vec sums[Values][Vectors];
#pragma GCC unroll 8
  for (std::size_t r = 0; r < Values; ++r) {
#pragma GCC unroll 2
    for (std::size_t v = 0; v < Vectors; ++v) {
      sums[r][v] = load(packed + (r * Vectors + v) * lanes);
    }
  }
  for (std::size_t y = first; y < last; ++y) {
    const float* x = image + y * s.stride * s.width * s.channels;
    const float* d = d_out + y * s.out_width() * filters;
    for (std::size_t n = s.out_width(); n > 0; --n, x += step, d += filters) {
      vec slope[Vectors];
#pragma GCC unroll 2
      for (std::size_t v = 0; v < Vectors; ++v) {
        slope[v] = load(d + v * lanes);
      }
#pragma GCC unroll 8
      for (std::size_t r = 0; r < Values; ++r) {
        const float value = x[r];
#pragma GCC unroll 2
        for (std::size_t v = 0; v < Vectors; ++v) {
          sums[r][v] += value * slope[v];
        }
      }
    }
  }
#pragma GCC unroll 8
  for (std::size_t r = 0; r < Values; ++r) {
#pragma GCC unroll 2
    for (std::size_t v = 0; v < Vectors; ++v) {
      store(sums[r][v], packed + (r * Vectors + v) * lanes);
    }
  }
}

}  // namespace

std::size_t padded_filters(std::size_t filters) noexcept {
  return (filters + lanes - 1) / lanes * lanes;
}

std::size_t packed_size(const convolution_sizes& sizes) noexcept {
  return padded_filters(sizes.filters) * sizes.patch();
}

void pack_filters(const convolution_sizes& sizes, const float* filters,
                  float* packed) noexcept {
  const std::size_t patch = sizes.patch();
  for_blocks(sizes.filters, [&](std::size_t first, auto vectors) {
    constexpr std::size_t all = vectors() * lanes;
    const std::size_t there = std::min(sizes.filters - first, all);
    for (std::size_t k = 0; k < patch; ++k, packed += all) {
      for (std::size_t o = 0; o < all; ++o) {
        packed[o] = o < there ? filters[(first + o) * patch + k] : 0.0F;
      }
    }
  });
}

void unpack_filters(const convolution_sizes& sizes, const float* packed,
                    float* filters) noexcept {
  const std::size_t patch = sizes.patch();
  for_blocks(sizes.filters, [&](std::size_t first, auto vectors) {
    constexpr std::size_t all = vectors() * lanes;
    const std::size_t there = std::min(sizes.filters - first, all);
    for (std::size_t k = 0; k < patch; ++k, packed += all) {
      for (std::size_t o = 0; o < there; ++o) {
        filters[(first + o) * patch + k] = packed[o];
      }
    }
  });
}

void convolve(const convolution_sizes& sizes, const float* image,
              const float* packed, const float* bias, bool adds, float* out,
              std::size_t out_step) noexcept {
  const convolution_sizes s = sizes;
  for_blocks(s.filters, [&](std::size_t first, auto vectors) {
    constexpr std::size_t all = vectors() * lanes;
    const float* const block = packed + first * s.patch();
    const std::size_t there = std::min(s.filters - first, all);
    float shift[all] = {};
    if (bias != nullptr) {
      std::copy_n(bias + first, there, shift);
    }
    for (std::size_t y = 0; y < s.out_height(); ++y) {
      const float* const row = image + y * s.stride * s.width * s.channels;
      float* const to = out + y * s.out_width() * out_step + first;
      for_tiles<most_in_tile<vectors()>>(
          s.out_width(), [&](std::size_t x, auto positions) {
            vec sums[positions()][vectors()];
            for (auto& sum : sums) {
              std::memcpy(sum, shift, sizeof(sum));
            }
            sum_tile(s, row + x * s.stride * s.channels, block, sums);
            for (std::size_t p = 0; p < positions(); ++p) {
              store_position(sums[p], adds, there, to + (x + p) * out_step);
            }
          });
    }
  });
}

void add_filter_gradient(const convolution_sizes& sizes, const float* image,
                         const float* d_out, float* packed) noexcept {
  const convolution_sizes s = sizes;
  const std::size_t band = band_of(s);
  for (std::size_t y = 0; y < s.out_height(); y += band) {
    const std::size_t end = std::min(y + band, s.out_height());
    for_blocks(s.filters, [&](std::size_t first, auto vectors) {
      float* block = packed + first * s.patch();
      for (std::size_t ky = 0; ky < s.kernel_height; ++ky) {
        const float* const row = image + ky * s.width * s.channels;
        for_tiles<most_in_tile<vectors()>>(
            s.across(), [&](std::size_t k, auto values) {
              add_tile<values(), vectors()>(s, row + k, d_out + first, y, end,
                                            block + k * vectors() * lanes);
            });
        block += s.across() * vectors() * lanes;
      }
    });
  }
}

}  // namespace sounder::kernels

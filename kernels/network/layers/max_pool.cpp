// The greatest value of windows of positions, channel by channel.

#include <algorithm>
#include <array>
#include <limits>

#include "kernels/network/layers/d_in.hpp"
#include "kernels/network/layers/families.hpp"
#include "kernels/network/layers/windows.hpp"

namespace sounder::kernels::layers {

namespace {

/// NaN wins over all numbers, so that it does not go unseen.
bool is_greater(float x, float best) noexcept { return x > best || x != x; }

/// The greatest value of the window; of equal ones the first in reading
/// order. Its place within the window is kept in a byte.
///
/// First down the columns, then along the rows: whole rows of the image at a
/// time, however few its channels are.
class max_pooling final : public pooling {
 public:
  using pooling::pooling;

  std::size_t kept(std::size_t batch) const override {
    return (batch * w_.out.size() + sizeof(float) - 1) / sizeof(float);
  }
  std::size_t scratch(std::size_t) const override { return 4 * row_size(); }

  void forward(const layer_pass& pass) const override {
    const line down{pass.scratch, pass.scratch + row_size()};
    const line along{down.place + row_size(), down.place + 2 * row_size()};
    auto* place = reinterpret_cast<std::uint8_t*>(pass.kept);
    float* out = pass.out;
    const std::size_t row = w_.out.width * w_.out.channels;
    for (std::size_t b = 0; b < pass.batch; ++b) {
      const float* const image = pass.in[0] + b * w_.in.size();
      for (std::size_t y = 0; y < w_.out.height;
           ++y, out += row, place += row) {
        look_down(image, y, down);
        look_along(down, along);
        pick(along, out, place);
      }
    }
  }

  void backward(const layer_pass& pass) const override {
    float* const d_in = cleared_d_in(pass, pass.batch * w_.in.size());
    if (d_in == nullptr) {
      return;
    }
    std::array<std::ptrdiff_t, most_places> offset{};
    for (std::size_t k = 0; k < w_.kernel * w_.kernel; ++k) {
      offset[k] = signed_of((k / w_.kernel * w_.in.width + k % w_.kernel) *
                            w_.in.channels);
    }
    const float* d = pass.d_out;
    const auto* place = reinterpret_cast<const std::uint8_t*>(pass.kept);
    for (std::size_t b = 0; b < pass.batch; ++b) {
      for (std::size_t at = 0; at < w_.out.positions(); ++at) {
        // Of the window's corner, which may be outside.
        const std::ptrdiff_t row =
            signed_of(at / w_.out.width * w_.stride) - signed_of(w_.pad);
        const std::ptrdiff_t column =
            signed_of(at % w_.out.width * w_.stride) - signed_of(w_.pad);
        const std::ptrdiff_t corner =
            signed_of(b * w_.in.size()) +
            (row * signed_of(w_.in.width) + column) * signed_of(w_.in.channels);
        for (std::size_t c = 0; c < w_.in.channels; ++c) {
          d_in[corner + offset[*place++] + signed_of(c)] += *d++;
        }
      }
    }
  }

 private:
  static constexpr std::size_t most_places = std::size_t{1} << 8U;

  /// Greatest values so far, and their places.
  struct line {
    float* value;
    float* place;
  };

  static std::ptrdiff_t signed_of(std::size_t n) noexcept {
    return static_cast<std::ptrdiff_t>(n);
  }

  /// A row of the image with its padding, and room for the last window.
  std::size_t row_size() const noexcept {
    return (w_.pad + std::max(w_.in.width, w_.out.width * w_.stride) +
            w_.kernel) *
           w_.in.channels;
  }

  /// Takes what is greater.
  static void take(const float* values, float place, std::size_t n,
                   const line& best) noexcept {
    float* const value_of = best.value;
    float* const place_of = best.place;
#pragma omp simd
    for (std::size_t k = 0; k < n; ++k) {
      const bool more = is_greater(values[k], value_of[k]);
      value_of[k] = more ? values[k] : value_of[k];
      place_of[k] = more ? place : place_of[k];
    }
  }

  /// Draws go to the lesser place: what is outside the image has one that is
  /// greater than any of the window, and never wins.
  void look_down(const float* image, std::size_t y, const line& best) const {
    const auto [top, bottom] = w_.range(y, w_.in.height);
    const std::size_t n = w_.in.width * w_.in.channels;
    std::fill_n(best.value, row_size(),
                -std::numeric_limits<float>::infinity());
    std::fill_n(best.place, row_size(),
                static_cast<float>(w_.kernel * w_.kernel));
    const line inside{best.value + w_.pad * w_.in.channels,
                      best.place + w_.pad * w_.in.channels};
    const auto place_in = [&](std::size_t row) {
      return static_cast<float>((row + w_.pad - y * w_.stride) * w_.kernel);
    };
    std::copy_n(image + top * n, n, inside.value);
    std::fill_n(inside.place, n, place_in(top));
    for (std::size_t row = top + 1; row < bottom; ++row) {
      take(image + row * n, place_in(row), n, inside);
    }
  }

  void look_along(const line& down, const line& best) const {
    const std::size_t n = row_size() - w_.kernel * w_.in.channels;
    std::copy_n(down.value, n, best.value);
    std::copy_n(down.place, n, best.place);
    float* const value_of = best.value;
    float* const place_of = best.place;
    for (std::size_t x = 1; x < w_.kernel; ++x) {
      const float* const value = down.value + x * w_.in.channels;
      const float* const place = down.place + x * w_.in.channels;
      const auto shift = static_cast<float>(x);
#pragma omp simd
      for (std::size_t k = 0; k < n; ++k) {
        const float other = place[k] + shift;
        const bool more = is_greater(value[k], value_of[k]) ||
                          (value[k] == value_of[k] && other < place_of[k]);
        value_of[k] = more ? value[k] : value_of[k];
        place_of[k] = more ? other : place_of[k];
      }
    }
  }

  void pick(const line& best, float* out, std::uint8_t* place) const {
    const std::size_t n = w_.in.channels;
    for (std::size_t x = 0; x < w_.out.width; ++x) {
      const float* const value_of = best.value + x * w_.stride * n;
      const float* const place_of = best.place + x * w_.stride * n;
#pragma omp simd
      for (std::size_t c = 0; c < n; ++c) {
        out[x * n + c] = value_of[c];
      }
      for (std::size_t c = 0; c < n; ++c) {
        place[x * n + c] =
            static_cast<std::uint8_t>(static_cast<int>(place_of[c]));
      }
    }
  }
};

/// The greatest of all positions, the first of them.
class global_max final : public layer {
 public:
  explicit global_max(shape in) : in_(in) {}

  shape output() const noexcept override { return {1, 1, in_.channels}; }
  double flops() const noexcept override {
    return static_cast<double>(in_.size());
  }

  void forward(const layer_pass& pass) const override {
    for (std::size_t b = 0; b < pass.batch; ++b) {
      for (std::size_t c = 0; c < in_.channels; ++c) {
        pass.out[b * in_.channels + c] = pass.in[0][place_of(pass, b, c)];
      }
    }
  }

  void backward(const layer_pass& pass) const override {
    float* const d_in = cleared_d_in(pass, pass.batch * in_.size());
    for (std::size_t b = 0; d_in != nullptr && b < pass.batch; ++b) {
      for (std::size_t c = 0; c < in_.channels; ++c) {
        d_in[place_of(pass, b, c)] += pass.d_out[b * in_.channels + c];
      }
    }
  }

 private:
  std::size_t place_of(const layer_pass& pass, std::size_t b,
                       std::size_t c) const noexcept {
    std::size_t best = b * in_.size() + c;
    for (std::size_t p = 1; p < in_.positions(); ++p) {
      const std::size_t here = b * in_.size() + p * in_.channels + c;
      best = is_greater(pass.in[0][here], pass.in[0][best]) ? here : best;
    }
    return best;
  }

  shape in_;
};

std::unique_ptr<layer> make(layer_words& words, std::span<const shape> in) {
  const windows w = read_windows(words, in[0]);
  if (w.kernel > 15) {
    words.fail(
        "windows have 15 x 15 positions at most; global-max-pool takes the "
        "whole image");
  }
  return std::make_unique<max_pooling>(w);
}

}  // namespace

void add_max_pools(std::vector<layer_kind>& kinds) {
  kinds.push_back({"max-pool", "SIZE stride=S pad=P ceil", make, 1, 1});
  kinds.push_back({"global-max-pool", "the greatest of all positions",
                   [](layer_words&, std::span<const shape> in) {
                     return std::make_unique<global_max>(in[0]);
                   },
                   1, 1});
}

}  // namespace sounder::kernels::layers

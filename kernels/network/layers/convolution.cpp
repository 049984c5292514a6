// Convolution, by direct_convolution.hpp, image by image: what it needs is an
// image of one group's channels with its border of zeros, which is the input
// itself where there are neither groups nor padding.

#include <algorithm>
#include <limits>

#include <fmt/format.h>

#include "kernels/network/direct_convolution.hpp"
#include "kernels/network/layers/d_in.hpp"
#include "kernels/network/layers/families.hpp"
#include "kernels/network/layers/matrices.hpp"

namespace sounder::kernels::layers {

namespace {

struct geometry {
  shape in;
  shape out;
  std::size_t kernel_height = 1;
  std::size_t kernel_width = 1;
  std::size_t stride = 1;
  std::size_t pad_height = 0;
  std::size_t pad_width = 0;
  std::size_t groups = 1;

  std::size_t group_in() const noexcept { return in.channels / groups; }
  std::size_t group_out() const noexcept { return out.channels / groups; }
  std::size_t taps() const noexcept { return kernel_height * kernel_width; }
  std::size_t patch() const noexcept { return taps() * group_in(); }
};

/// An image that is copied into another one, with zeros around and between.
struct placement {
  std::size_t height = 1;  // of the result
  std::size_t width = 1;
  std::ptrdiff_t top = 0;    // where the first value goes; what goes outside
  std::ptrdiff_t left = 0;   // is left out
  std::size_t spread = 1;    // rows and columns from one value to the next
  std::size_t channels = 1;  // of the result; more than were copied are zero

  std::size_t size() const noexcept { return height * width * channels; }
};

///   out[n, y, x, o] = bias[o] + sum_{ky, kx, i}
///       weight[o, ky, kx, i] in[n, y s + ky - p, x s + kx - p, i]
///
/// s the stride, p the padding by zeros; i over the channels of o's group.
///
/// Backward, d_in is the convolution of d_out, spread by the stride and with
/// zeros around, with the filters turned by half a turn. A stride with a
/// kernel of 1x1 takes every s-th position and is a convolution without one.
class convolution final : public layer {
 public:
  convolution(const geometry& g, bool has_bias, start_values start)
      : g_(g), has_bias_(has_bias), start_(start) {
    const bool takes_some =
        g.taps() == 1 && g.stride > 1 && g.pad_height == 0 && g.pad_width == 0;
    takes_every_ = takes_some ? g.stride : 1;
    stride_ = takes_some ? 1 : g.stride;
    sizes_ = {g.in.height + 2 * g.pad_height,
              g.in.width + 2 * g.pad_width,
              g.group_in(),
              g.kernel_height,
              g.kernel_width,
              stride_,
              g.group_out()};
    if (takes_some) {
      sizes_.height = g.out.height;
      sizes_.width = g.out.width;
    }
    back_ = {g.kernel_height - 1 + (takes_some ? g.out.height : g.in.height),
             g.kernel_width - 1 + (takes_some ? g.out.width : g.in.width),
             g.group_out(),
             g.kernel_height,
             g.kernel_width,
             1,
             g.group_in()};
  }

  shape output() const noexcept override { return g_.out; }

  std::vector<parameter_array> weights() const override {
    std::vector<parameter_array> all = {
        {"weight",
         {g_.out.channels, g_.kernel_height, g_.kernel_width, g_.group_in()},
         start_}};
    if (has_bias_) {
      all.push_back({"bias", {g_.out.channels}, {}});
    }
    return all;
  }

  std::size_t scratch(std::size_t) const override {
    return packed_size(sizes_) + packed_size(back_) + turned_size() +
           input_copy().size() + slope_copy().size() + spread_copy().size() +
           g_.out.positions() * g_.group_in();
  }

  double flops() const noexcept override {
    return static_cast<double>(2 * g_.patch() + (has_bias_ ? 1 : 0)) *
           static_cast<double>(g_.out.size());
  }

  void forward(const layer_pass& pass) const override {
    const memory m = split(pass.scratch);
    for (std::size_t group = 0; group < g_.groups; ++group) {
      pack_filters(sizes_, filters(pass.weights, group), m.packed);
      const float* const bias =
          has_bias_ ? pass.weights + filter_count() + group * g_.group_out()
                    : nullptr;
      for (std::size_t n = 0; n < pass.batch; ++n) {
        convolve(sizes_, input_of(pass, n, group, m), m.packed, bias, false,
                 pass.out + n * g_.out.size() + group * g_.group_out(),
                 g_.out.channels);
      }
    }
  }

  void backward(const layer_pass& pass) const override {
    const memory m = split(pass.scratch);
    for (std::size_t group = 0; group < g_.groups; ++group) {
      std::fill_n(m.packed, packed_size(sizes_), 0.0F);
      for (std::size_t n = 0; n < pass.batch; ++n) {
        add_filter_gradient(sizes_, input_of(pass, n, group, m),
                            slopes_of(pass, n, group, m), m.packed);
      }
      unpack_filters(sizes_, m.packed,
                     pass.d_weights + group * g_.group_out() * g_.patch());
    }
    if (has_bias_) {
      vector(pass.d_weights + filter_count(), g_.out.channels) =
          matrix(pass.d_out, pass.batch * g_.out.positions(), g_.out.channels)
              .colwise()
              .sum();
    }
    if (pass.d_in[0] != nullptr) {
      set_d_in(pass, m);
    }
  }

 private:
  /// Scratch memory by what it is for.
  struct memory {
    float* packed;  // filters, or their gradient
    float* packed_back;
    float* turned;
    float* input;
    float* slopes;
    float* spread;
    float* taken;
  };

  memory split(float* scratch) const noexcept {
    memory m{};
    m.packed = scratch;
    m.packed_back = m.packed + packed_size(sizes_);
    m.turned = m.packed_back + packed_size(back_);
    m.input = m.turned + turned_size();
    m.slopes = m.input + input_copy().size();
    m.spread = m.slopes + slope_copy().size();
    m.taken = m.spread + spread_copy().size();
    return m;
  }

  std::size_t filter_count() const noexcept {
    return g_.out.channels * g_.patch();
  }
  std::size_t turned_size() const noexcept {
    return g_.group_in() * g_.taps() * g_.group_out();
  }
  const float* filters(const float* weights, std::size_t group) const noexcept {
    return weights + group * g_.group_out() * g_.patch();
  }

  placement input_copy() const noexcept {
    return {sizes_.height,
            sizes_.width,
            signed_of(g_.pad_height),
            signed_of(g_.pad_width),
            1,
            g_.group_in()};
  }
  placement slope_copy() const noexcept {
    return {
        g_.out.height, g_.out.width, 0, 0, 1, padded_filters(g_.group_out())};
  }
  placement spread_copy() const noexcept {
    return {back_.height,
            back_.width,
            signed_of(g_.kernel_height) - 1 - signed_of(g_.pad_height),
            signed_of(g_.kernel_width) - 1 - signed_of(g_.pad_width),
            stride_,
            g_.group_out()};
  }

  static std::ptrdiff_t signed_of(std::size_t n) noexcept {
    return static_cast<std::ptrdiff_t>(n);
  }

  /// Copies `channels` channels of an image, every `take`-th position of it.
  static void place(const float* image, const shape& s, std::size_t channels,
                    std::size_t take, const placement& where,
                    float* to) noexcept {
    std::fill_n(to, where.size(), 0.0F);
    const bool by_rows = take == 1 && where.spread == 1 &&
                         channels == s.channels && channels == where.channels &&
                         where.left >= 0;
    for (std::size_t y = 0; y < s.height; y += take) {
      const auto row = where.top + signed_of(y / take * where.spread);
      if (row < 0 || row >= signed_of(where.height)) {
        continue;
      }
      const float* const from = image + y * s.width * s.channels;
      float* const there = to + row * signed_of(where.width * where.channels);
      if (by_rows) {
        std::copy_n(from, s.width * channels,
                    there + where.left * signed_of(channels));
      } else {
        place_row(from, s, channels, take, where, there);
      }
    }
  }

  static void place_row(const float* from, const shape& s, std::size_t channels,
                        std::size_t take, const placement& where,
                        float* to) noexcept {
    for (std::size_t x = 0; x < s.width; x += take) {
      const auto column = where.left + signed_of(x / take * where.spread);
      if (column < 0 || column >= signed_of(where.width)) {
        continue;
      }
      const float* const value = from + x * s.channels;
      float* const there = to + column * signed_of(where.channels);
#pragma omp simd
      for (std::size_t c = 0; c < channels; ++c) {
        there[c] = value[c];
      }
    }
  }

  const float* input_of(const layer_pass& pass, std::size_t n,
                        std::size_t group, const memory& m) const {
    const float* const image =
        pass.in[0] + n * g_.in.size() + group * g_.group_in();
    if (g_.groups == 1 && g_.pad_height == 0 && g_.pad_width == 0 &&
        takes_every_ == 1) {
      return image;
    }
    place(image, g_.in, g_.group_in(), takes_every_, input_copy(), m.input);
    return m.input;
  }

  const float* slopes_of(const layer_pass& pass, std::size_t n,
                         std::size_t group, const memory& m) const {
    const float* const d_out =
        pass.d_out + n * g_.out.size() + group * g_.group_out();
    if (g_.groups == 1 && padded_filters(g_.out.channels) == g_.out.channels) {
      return d_out;
    }
    place(d_out, g_.out, g_.group_out(), 1, slope_copy(), m.slopes);
    return m.slopes;
  }

  const float* spread_slopes_of(const layer_pass& pass, std::size_t n,
                                std::size_t group, const memory& m) const {
    const float* const d_out =
        pass.d_out + n * g_.out.size() + group * g_.group_out();
    if (g_.groups == 1 && g_.taps() == 1 && stride_ == 1 &&
        g_.pad_height == 0 && g_.pad_width == 0) {
      return d_out;
    }
    place(d_out, g_.out, g_.group_out(), 1, spread_copy(), m.spread);
    return m.spread;
  }

  /// turned[i, ky, kx, o] = filter[o, kh - 1 - ky, kw - 1 - kx, i]
  void turn(const float* filters, float* turned) const noexcept {
    for (std::size_t i = 0; i < g_.group_in(); ++i) {
      for (std::size_t tap = g_.taps(); tap-- > 0;) {
        for (std::size_t o = 0; o < g_.group_out(); ++o) {
          *turned++ = filters[o * g_.patch() + tap * g_.group_in() + i];
        }
      }
    }
  }

  void set_d_in(const layer_pass& pass, const memory& m) const {
    float* const d_in = takes_every_ > 1
                            ? cleared_d_in(pass, pass.batch * g_.in.size())
                            : pass.d_in[0];
    for (std::size_t group = 0; group < g_.groups; ++group) {
      turn(filters(pass.weights, group), m.turned);
      pack_filters(back_, m.turned, m.packed_back);
      for (std::size_t n = 0; n < pass.batch; ++n) {
        const float* const slopes = spread_slopes_of(pass, n, group, m);
        float* const to = d_in + n * g_.in.size() + group * g_.group_in();
        if (takes_every_ == 1) {
          convolve(back_, slopes, m.packed_back, nullptr, pass.d_in_is_set[0],
                   to, g_.in.channels);
        } else {
          convolve(back_, slopes, m.packed_back, nullptr, false, m.taken,
                   g_.group_in());
          add_taken(m.taken, to);
        }
      }
    }
  }

  /// Adds to the positions that were taken.
  void add_taken(const float* taken, float* d_in) const noexcept {
    for (std::size_t y = 0; y < g_.out.height; ++y) {
      for (std::size_t x = 0; x < g_.out.width; ++x) {
        float* const to =
            d_in + (y * g_.in.width + x) * takes_every_ * g_.in.channels;
        for (std::size_t i = 0; i < g_.group_in(); ++i) {
          to[i] += *taken++;
        }
      }
    }
  }

  geometry g_;
  bool has_bias_;
  start_values start_;
  std::size_t takes_every_ = 1;
  std::size_t stride_ = 1;
  convolution_sizes sizes_;
  convolution_sizes back_;
};

/// "3" or "7x1".
void read_kernel(layer_words& words, geometry& g) {
  const std::string text = words.word("kernel", "1");
  const std::size_t cross = text.find('x');
  const layer_line sides{
      words.name(),
      "kernel",
      {text.substr(0, cross), text.substr(cross == text.npos ? 0 : cross + 1)},
      {},
      {}};
  layer_words read(sides);
  g.kernel_height = read.count("height of the kernel");
  g.kernel_width = read.count("width of the kernel");
}

/// "pad=P" or "same".
void read_padding(layer_words& words, geometry& g) {
  constexpr std::size_t none = std::numeric_limits<std::size_t>::max();
  const std::size_t pad = words.option("pad", none);
  const bool same = words.flag("same");
  if (same && pad != none) {
    words.fail("the padding is 'same' or a number, not both");
  }
  if (same && (g.kernel_height % 2 == 0 || g.kernel_width % 2 == 0)) {
    words.fail("'same' needs a kernel of odd sides");
  }
  g.pad_height = same ? g.kernel_height / 2 : pad == none ? 0 : pad;
  g.pad_width = same ? g.kernel_width / 2 : g.pad_height;
}

std::unique_ptr<layer> make(layer_words& words, std::span<const shape> in) {
  geometry g;
  g.in = in[0];
  g.out.channels = words.count("number of filters");
  read_kernel(words, g);
  g.stride = words.option("stride", 1, 1);
  read_padding(words, g);
  g.groups = words.option("groups", 1, 1);
  if (g.in.channels % g.groups != 0 || g.out.channels % g.groups != 0) {
    words.fail(fmt::format("{} groups do not divide {} channels into {}",
                           g.groups, g.in.channels, g.out.channels));
  }
  const std::size_t height = g.in.height + 2 * g.pad_height;
  const std::size_t width = g.in.width + 2 * g.pad_width;
  if (g.kernel_height > height || g.kernel_width > width) {
    words.fail(
        fmt::format("a kernel of {}x{} does not fit its input, {}{}",
                    g.kernel_height, g.kernel_width, to_text(g.in),
                    g.pad_height + g.pad_width > 0 ? " and padding" : ""));
  }
  g.out.height = (height - g.kernel_height) / g.stride + 1;
  g.out.width = (width - g.kernel_width) / g.stride + 1;
  const std::size_t fan_out = g.kernel_height * g.kernel_width * g.group_out();
  return std::make_unique<convolution>(
      g, !words.flag("no-bias"),
      start_by_name(words.word("start", "he"), g.patch(), fan_out));
}

}  // namespace

void add_convolution(std::vector<layer_kind>& kinds) {
  kinds.push_back({"conv",
                   "FILTERS kernel=K|HxW stride=S pad=P|same groups=G no-bias "
                   "start=he|xavier|normal:S|uniform:S",
                   make, 1, 1});
}

}  // namespace sounder::kernels::layers

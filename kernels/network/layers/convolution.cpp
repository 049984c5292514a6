// Convolution as a product of matrices: the patches that the filter sees, a
// row a position, times the filters. Patches are gathered for some rows of
// the image at a time, so that they are multiplied while in the cache; the
// backward pass gathers them again rather than keep them.

#include <algorithm>
#include <cstring>
#include <limits>

#include <fmt/format.h>

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
  std::size_t patch() const noexcept {
    return kernel_height * kernel_width * group_in();
  }
};

/// Floats of patches at a time: half a MiB, about a core's second cache.
constexpr std::size_t patch_floats = std::size_t{1} << 17U;

///   out[n, y, x, o] = bias[o] + sum_{ky, kx, i}
///       weight[o, ky, kx, i] in[n, y s + ky - p, x s + kx - p, i]
///
/// s the stride, p the padding by zeros; i over the channels of o's group.
class convolution final : public layer {
 public:
  convolution(const geometry& g, bool has_bias, start_values start)
      : g_(g), has_bias_(has_bias), start_(start) {}

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

  std::size_t scratch(std::size_t batch) const override {
    return is_plain() ? 0
                      : std::min(rows_at_once(), batch * g_.out.height) *
                            g_.out.width * g_.patch();
  }

  double flops() const noexcept override {
    return static_cast<double>(2 * g_.patch() + (has_bias_ ? 1 : 0)) *
           static_cast<double>(g_.out.size());
  }

  void forward(const layer_pass& pass) const override {
    const std::size_t rows = pass.batch * g_.out.height;
    for (std::size_t group = 0; group < g_.groups; ++group) {
      for_rows(rows, [&](std::size_t first, std::size_t last) {
        const std::size_t positions = (last - first) * g_.out.width;
        const float* patches = patches_of(pass, group, first, last);
        auto out = channels(pass.out + first * g_.out.width * g_.out.channels,
                            positions, group);
        out.noalias() = matrix(patches, positions, g_.patch()) *
                        filters(pass.weights, group).transpose();
        if (has_bias_) {
          out.rowwise() += vector(bias(pass.weights) + group * g_.group_out(),
                                  g_.group_out());
        }
      });
    }
  }

  void backward(const layer_pass& pass) const override {
    const std::size_t rows = pass.batch * g_.out.height;
    float* const d_in = pass.d_in[0];
    if (d_in != nullptr && !is_plain() && !pass.d_in_is_set[0]) {
      std::fill_n(d_in, pass.batch * g_.in.size(), 0.0F);
    }
    std::fill_n(pass.d_weights, filter_count() + bias_count(), 0.0F);
    for (std::size_t group = 0; group < g_.groups; ++group) {
      for_rows(rows, [&](std::size_t first, std::size_t last) {
        const std::size_t positions = (last - first) * g_.out.width;
        const auto d_out =
            channels(pass.d_out + first * g_.out.width * g_.out.channels,
                     positions, group);
        const float* patches = patches_of(pass, group, first, last);
        matrix(pass.d_weights + group * g_.group_out() * g_.patch(),
               g_.group_out(), g_.patch())
            .noalias() +=
            d_out.transpose() * matrix(patches, positions, g_.patch());
        if (has_bias_) {
          vector(pass.d_weights + filter_count() + group * g_.group_out(),
                 g_.group_out()) += d_out.colwise().sum();
        }
        if (d_in == nullptr) {
          return;
        }
        const auto d_patches = d_out * filters(pass.weights, group);
        if (is_plain()) {
          set_or_add(matrix(d_in + first * g_.in.width * g_.in.channels,
                            positions, g_.in.channels),
                     d_patches, pass.d_in_is_set[0]);
        } else {
          matrix(pass.scratch, positions, g_.patch()).noalias() = d_patches;
          scatter(pass.scratch, group, first, last, d_in);
        }
      });
    }
  }

 private:
  using strided = Eigen::OuterStride<>;
  using channel_view = Eigen::Map<row_matrix, 0, strided>;
  using const_channel_view = Eigen::Map<const row_matrix, 0, strided>;

  /// Whether the patches are the input itself.
  bool is_plain() const noexcept {
    return g_.kernel_height == 1 && g_.kernel_width == 1 && g_.stride == 1 &&
           g_.pad_height == 0 && g_.pad_width == 0 && g_.groups == 1;
  }
  std::size_t filter_count() const noexcept {
    return g_.out.channels * g_.patch();
  }
  std::size_t bias_count() const noexcept {
    return has_bias_ ? g_.out.channels : 0;
  }
  const float* bias(const float* weights) const noexcept {
    return weights + filter_count();
  }

  const_matrix_view filters(const float* weights, std::size_t group) const {
    return matrix(weights + group * g_.group_out() * g_.patch(), g_.group_out(),
                  g_.patch());
  }
  /// The columns of a group.
  channel_view channels(float* values, std::size_t positions,
                        std::size_t group) const {
    return {values + group * g_.group_out(),
            static_cast<Eigen::Index>(positions),
            static_cast<Eigen::Index>(g_.group_out()),
            strided(static_cast<Eigen::Index>(g_.out.channels))};
  }
  const_channel_view channels(const float* values, std::size_t positions,
                              std::size_t group) const {
    return {values + group * g_.group_out(),
            static_cast<Eigen::Index>(positions),
            static_cast<Eigen::Index>(g_.group_out()),
            strided(static_cast<Eigen::Index>(g_.out.channels))};
  }

  std::size_t rows_at_once() const noexcept {
    return std::max<std::size_t>(1, patch_floats / (g_.out.width * g_.patch()));
  }

  /// Calls use(first, last) for the rows of all images of the batch, some at
  /// a time.
  template <class Use>
  void for_rows(std::size_t rows, Use use) const {
    const std::size_t step = is_plain() ? rows : rows_at_once();
    for (std::size_t first = 0; first < rows; first += step) {
      use(first, std::min(first + step, rows));
    }
  }

  /// Where the filter's row ky lies over the image for row y of the output;
  /// nothing when that is outside.
  bool source_row(std::size_t y, std::size_t ky, std::size_t& row) const {
    const std::size_t padded = y * g_.stride + ky;
    row = padded - g_.pad_height;
    return padded >= g_.pad_height && row < g_.in.height;
  }

  const float* patches_of(const layer_pass& pass, std::size_t group,
                          std::size_t first, std::size_t last) const {
    if (is_plain()) {
      return pass.in[0] + first * g_.in.width * g_.in.channels;
    }
    float* patch = pass.scratch;
    for (std::size_t r = first; r < last; ++r) {
      const float* image =
          pass.in[0] + r / g_.out.height * g_.in.size() + group * g_.group_in();
      gather_row(image, r % g_.out.height, patch);
      patch += g_.out.width * g_.patch();
    }
    return pass.scratch;
  }

  /// The patches of one row of the output.
  void gather_row(const float* image, std::size_t y, float* patches) const {
    const std::size_t across = g_.kernel_width * g_.group_in();
    for (std::size_t ky = 0; ky < g_.kernel_height; ++ky) {
      float* to = patches + ky * across;
      std::size_t row = 0;
      if (!source_row(y, ky, row)) {
        for (std::size_t x = 0; x < g_.out.width; ++x, to += g_.patch()) {
          std::fill_n(to, across, 0.0F);
        }
        continue;
      }
      const float* line = image + row * g_.in.width * g_.in.channels;
      for (std::size_t x = 0; x < g_.out.width; ++x, to += g_.patch()) {
        const std::size_t left = x * g_.stride;  // in the padded row
        if (g_.groups == 1 && left >= g_.pad_width &&
            left - g_.pad_width + g_.kernel_width <= g_.in.width) {
          copy(line + (left - g_.pad_width) * g_.in.channels, across, to);
          continue;
        }
        for (std::size_t kx = 0; kx < g_.kernel_width; ++kx) {
          const std::size_t column = left + kx - g_.pad_width;
          float* const tap = to + kx * g_.group_in();
          if (left + kx >= g_.pad_width && column < g_.in.width) {
            copy(line + column * g_.in.channels, g_.group_in(), tap);
          } else {
            std::fill_n(tap, g_.group_in(), 0.0F);
          }
        }
      }
    }
  }

  /// Adds what patches are to get to the places they were taken from.
  void scatter(const float* patches, std::size_t group, std::size_t first,
               std::size_t last, float* d_in) const {
    for (std::size_t r = first; r < last; ++r) {
      float* image =
          d_in + r / g_.out.height * g_.in.size() + group * g_.group_in();
      scatter_row(patches, r % g_.out.height, image);
      patches += g_.out.width * g_.patch();
    }
  }

  void scatter_row(const float* patches, std::size_t y, float* image) const {
    const std::size_t across = g_.kernel_width * g_.group_in();
    for (std::size_t ky = 0; ky < g_.kernel_height; ++ky) {
      std::size_t row = 0;
      if (!source_row(y, ky, row)) {
        continue;
      }
      float* line = image + row * g_.in.width * g_.in.channels;
      const float* from = patches + ky * across;
      for (std::size_t x = 0; x < g_.out.width; ++x, from += g_.patch()) {
        const std::size_t left = x * g_.stride;
        if (g_.groups == 1 && left >= g_.pad_width &&
            left - g_.pad_width + g_.kernel_width <= g_.in.width) {
          add(from, across, line + (left - g_.pad_width) * g_.in.channels);
          continue;
        }
        for (std::size_t kx = 0; kx < g_.kernel_width; ++kx) {
          const std::size_t column = left + kx - g_.pad_width;
          if (left + kx >= g_.pad_width && column < g_.in.width) {
            add(from + kx * g_.group_in(), g_.group_in(),
                line + column * g_.in.channels);
          }
        }
      }
    }
  }

  static void copy(const float* from, std::size_t n, float* to) noexcept {
    if (n < 16) {  // a call would cost more
      for (std::size_t k = 0; k < n; ++k) {
        to[k] = from[k];
      }
    } else {
      std::memcpy(to, from, n * sizeof(float));
    }
  }
  static void add(const float* from, std::size_t n, float* to) noexcept {
#pragma omp simd
    for (std::size_t k = 0; k < n; ++k) {
      to[k] += from[k];
    }
  }

  geometry g_;
  bool has_bias_;
  start_values start_;
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
  g.kernel_height = read.count("height");
  g.kernel_width = read.count("width");
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

// Local response normalisation (Krizhevsky et al. 2012).

#include <algorithm>
#include <cmath>

#include "kernels/network/layers/d_in.hpp"
#include "kernels/network/layers/families.hpp"
#include "kernels/network/layers/matrices.hpp"

namespace sounder::kernels::layers {

namespace {

struct normalisation {
  std::size_t size = 5;  // of the window, along each side
  float alpha = 1e-4F;
  float beta = 0.75F;
  float k = 1.0F;
  bool within = false;
};

///   out = x s^-beta,   s = k + alpha mean of x^2 over the window
///
/// The window is across channels, from size / 2 before to (size - 1) / 2
/// after (torch.nn.LocalResponseNorm), or within the channel, size x size
/// positions around (Caffe's WITHIN_CHANNEL). What is outside counts as 0:
/// means are over whole windows.
class response_norm final : public layer {
 public:
  response_norm(shape in, const normalisation& n)
      : in_(in),
        n_(n),
        share_(n.alpha /
               static_cast<float>(n.within ? n.size * n.size : n.size)) {}

  shape output() const noexcept override { return in_; }
  /// s
  std::size_t kept(std::size_t batch) const override {
    return batch * in_.size();
  }
  /// Four images.
  std::size_t scratch(std::size_t) const override { return 4 * in_.size(); }
  double flops() const noexcept override {
    return static_cast<double>((n_.within ? 2 * n_.size : n_.size) + 10) *
           static_cast<double>(in_.size());
  }

  void forward(const layer_pass& pass) const override {
    for (std::size_t b = 0; b < pass.batch; ++b) {
      const const_array_view x = image(pass.in[0], b);
      array_view s = image(pass.kept, b);
      array_view squares = image(pass.scratch, 0);
      squares = x.square();
      sum_windows(squares.data(), before(), after(), s.data(),
                  image(pass.scratch, 1).data());
      s = n_.k + share_ * s;
      array_view power = image(pass.scratch, 0);
      set_power(s, power);
      image(pass.out, b) = x * power;
    }
  }

  /// With r = d_out out / s and sums over the windows that x is in:
  ///
  ///   d_x = d_out s^-beta - 2 alpha / window beta x sum r
  void backward(const layer_pass& pass) const override {
    for (std::size_t b = 0; pass.d_in[0] != nullptr && b < pass.batch; ++b) {
      const const_array_view x = image(pass.in[0], b);
      const const_array_view d_out = image(pass.d_out, b);
      const array_view s = image(pass.kept, b);
      array_view power = image(pass.scratch, 0);
      array_view ratio = image(pass.scratch, 1);
      array_view sum = image(pass.scratch, 2);
      set_power(s, power);
      ratio = d_out * x * power / s;
      sum_windows(ratio.data(), after(), before(), sum.data(),
                  image(pass.scratch, 3).data());
      const float factor = 2.0F * share_ * n_.beta;
      set_or_add(image(pass.d_in[0], b).matrix(),
                 (d_out * power - factor * x * sum).matrix(),
                 pass.d_in_is_set[0]);
    }
  }

 private:
  std::size_t before() const noexcept { return n_.size / 2; }
  std::size_t after() const noexcept { return (n_.size - 1) / 2; }

  array_view image(float* values, std::size_t b) const {
    return array(values + b * in_.size(), in_.size());
  }
  const_array_view image(const float* values, std::size_t b) const {
    return array(values + b * in_.size(), in_.size());
  }

  /// s^-beta; by roots for the usual beta.
  void set_power(const array_view& s, array_view& power) const {
    if (n_.beta == 0.75F) {
      power = (s.sqrt() * s.sqrt().sqrt()).inverse();
    } else {
      power = (-n_.beta * s.log()).exp();
    }
  }

  void sum_windows(const float* from, std::size_t left, std::size_t right,
                   float* to, float* between) const {
    if (!n_.within) {
      sum_along(from, 1, in_.channels, left, right, to);
      return;
    }
    const std::size_t row = in_.width * in_.channels;
    sum_along(from, in_.channels, row, left, right, between);
    sum_along(between, row, in_.height * row, left, right, to);
  }

  /// In each of the image's lines of `length`:
  ///
  ///   to[j] = from[j - left step] + .. + from[j] + .. + from[j + right step]
  void sum_along(const float* from, std::size_t step, std::size_t length,
                 std::size_t left, std::size_t right, float* to) const {
    for (std::size_t first = 0; first < in_.size(); first += length) {
      float* const sum = to + first;
      const float* const line = from + first;
      std::copy_n(line, length, sum);
      for (std::size_t away = step; away < length && away <= left * step;
           away += step) {
        add(line, length - away, sum + away);
      }
      for (std::size_t away = step; away < length && away <= right * step;
           away += step) {
        add(line + away, length - away, sum);
      }
    }
  }

  static void add(const float* from, std::size_t n, float* to) noexcept {
#pragma omp simd
    for (std::size_t j = 0; j < n; ++j) {
      to[j] += from[j];
    }
  }

  shape in_;
  normalisation n_;
  float share_;  // alpha / the window's values
};

std::unique_ptr<layer> make(layer_words& words, std::span<const shape> in) {
  normalisation n;
  n.size = words.count("size of the window");
  const double alpha = words.real("alpha", 1e-4);
  const double beta = words.real("beta", 0.75);
  const double k = words.real("k", 1.0);
  const bool across = words.flag("across");
  n.within = words.flag("within");
  if (across && n.within) {
    words.fail("the window is across channels or within them, not both");
  }
  if (n.within && n.size % 2 == 0) {
    words.fail("a window within channels has a middle: its size must be odd");
  }
  if (!(alpha >= 0.0 && beta >= 0.0 && k > 0.0)) {
    words.fail("alpha and beta must not be negative, k must be positive");
  }
  n.alpha = static_cast<float>(alpha);
  n.beta = static_cast<float>(beta);
  n.k = static_cast<float>(k);
  return std::make_unique<response_norm>(in[0], n);
}

}  // namespace

void add_response_norm(std::vector<layer_kind>& kinds) {
  kinds.push_back({"response-norm",
                   "SIZE alpha=1e-4 beta=0.75 k=1 across|within (channels)",
                   make, 1, 1});
}

}  // namespace sounder::kernels::layers

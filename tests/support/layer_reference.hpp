#pragma once

// Layers as plain loops in double precision, straight from the formulas: the
// oracle of the fast ones. One sample at a time but for batch norm; memory as
// in kernels/network/shape.hpp.

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <span>
#include <vector>

#include "kernels/network/shape.hpp"

namespace sounder::tests {

using doubles = std::vector<double>;

inline bool has(kernels::shape s, std::ptrdiff_t y, std::ptrdiff_t x) {
  return y >= 0 && x >= 0 && y < static_cast<std::ptrdiff_t>(s.height) &&
         x < static_cast<std::ptrdiff_t>(s.width);
}

inline std::size_t index(kernels::shape s, std::ptrdiff_t y, std::ptrdiff_t x,
                         std::size_t c) {
  const auto position =
      static_cast<std::size_t>(y) * s.width + static_cast<std::size_t>(x);
  return position * s.channels + c;
}

/// x[y, x, c] of an image, `outside` beyond its edges.
class image_view {
 public:
  image_view(kernels::shape s, std::span<const float> values)
      : shape_(s), values_(values) {}

  double at(std::ptrdiff_t y, std::ptrdiff_t x, std::size_t c,
            double outside = 0.0) const {
    return has(y, x) ? static_cast<double>(values_[index(shape_, y, x, c)])
                     : outside;
  }
  bool has(std::ptrdiff_t y, std::ptrdiff_t x) const {
    return tests::has(shape_, y, x);
  }

 private:
  kernels::shape shape_;
  std::span<const float> values_;
};

/// use(value of each image) one after the other.
template <class One>
doubles for_samples(std::span<const float> in, std::size_t size, One one) {
  doubles out;
  for (std::size_t first = 0; first < in.size(); first += size) {
    const doubles part = one(in.subspan(first, size));
    out.insert(out.end(), part.begin(), part.end());
  }
  return out;
}

struct window_form {
  std::size_t height = 1;
  std::size_t width = 1;
  std::size_t stride = 1;
  std::size_t pad_height = 0;
  std::size_t pad_width = 0;
};

/// Calls use(y, x) for the first row and column of each window, rows first.
template <class Use>
void for_windows(const window_form& w, kernels::shape out, Use use) {
  for (std::size_t y = 0; y < out.height; ++y) {
    for (std::size_t x = 0; x < out.width; ++x) {
      use(static_cast<std::ptrdiff_t>(y * w.stride) -
              static_cast<std::ptrdiff_t>(w.pad_height),
          static_cast<std::ptrdiff_t>(x * w.stride) -
              static_cast<std::ptrdiff_t>(w.pad_width));
    }
  }
}

/// Calls use(output, weight, row, column, channel) for each product of a
/// convolution: numbers within out and the weights, and the input's value.
template <class Use>
void for_products(kernels::shape in, kernels::shape out, const window_form& w,
                  std::size_t groups, Use use) {
  const std::size_t from = in.channels / groups;
  const std::size_t to = out.channels / groups;
  std::size_t output = 0;
  for_windows(w, out, [&](std::ptrdiff_t top, std::ptrdiff_t left) {
    for (std::size_t o = 0; o < out.channels; ++o, ++output) {
      std::size_t weight = o * w.height * w.width * from;
      for (std::size_t ky = 0; ky < w.height; ++ky) {
        for (std::size_t kx = 0; kx < w.width; ++kx) {
          for (std::size_t i = 0; i < from; ++i, ++weight) {
            use(output, weight, top + static_cast<std::ptrdiff_t>(ky),
                left + static_cast<std::ptrdiff_t>(kx), o / to * from + i);
          }
        }
      }
    }
  });
}

inline doubles convolve(kernels::shape in, kernels::shape out,
                        const window_form& w, std::size_t groups,
                        std::span<const float> image,
                        std::span<const float> weight,
                        std::span<const float> bias) {
  const image_view view(in, image);
  doubles values(out.size());
  for (std::size_t j = 0; j < values.size() && !bias.empty(); ++j) {
    values[j] = static_cast<double>(bias[j % out.channels]);
  }
  for_products(in, out, w, groups,
               [&](std::size_t o, std::size_t k, std::ptrdiff_t y,
                   std::ptrdiff_t x, std::size_t c) {
                 values[o] += static_cast<double>(weight[k]) * view.at(y, x, c);
               });
  return values;
}

/// Derivatives of sum(out * d_out) by a convolution's input.
inline doubles convolve_back(kernels::shape in, kernels::shape out,
                             const window_form& w, std::size_t groups,
                             std::span<const float> weight,
                             std::span<const float> d_out) {
  doubles d_in(in.size());
  for_products(in, out, w, groups,
               [&](std::size_t o, std::size_t k, std::ptrdiff_t y,
                   std::ptrdiff_t x, std::size_t c) {
                 if (has(in, y, x)) {
                   d_in[index(in, y, x, c)] += static_cast<double>(weight[k]) *
                                               static_cast<double>(d_out[o]);
                 }
               });
  return d_in;
}

/// Adds those by its weights, of one sample.
inline void add_filter_slopes(kernels::shape in, kernels::shape out,
                              const window_form& w, std::size_t groups,
                              std::span<const float> image,
                              std::span<const float> d_out,
                              std::span<double> d_weight) {
  const image_view view(in, image);
  for_products(in, out, w, groups,
               [&](std::size_t o, std::size_t k, std::ptrdiff_t y,
                   std::ptrdiff_t x, std::size_t c) {
                 d_weight[k] +=
                     static_cast<double>(d_out[o]) * view.at(y, x, c);
               });
}

enum class pool_form { greatest, mean, mean_of_whole };

inline doubles pool(kernels::shape in, kernels::shape out, const window_form& w,
                    pool_form form, std::span<const float> image) {
  const image_view view(in, image);
  doubles values;
  for_windows(w, out, [&](std::ptrdiff_t top, std::ptrdiff_t left) {
    for (std::size_t c = 0; c < in.channels; ++c) {
      double most = -HUGE_VAL;
      double sum = 0.0;
      double count = 0.0;
      for (std::ptrdiff_t y = top;
           y < top + static_cast<std::ptrdiff_t>(w.height); ++y) {
        for (std::ptrdiff_t x = left;
             x < left + static_cast<std::ptrdiff_t>(w.width); ++x) {
          most = std::max(most, view.at(y, x, c, -HUGE_VAL));
          sum += view.at(y, x, c);
          count += form == pool_form::mean_of_whole || view.has(y, x) ? 1 : 0;
        }
      }
      values.push_back(form == pool_form::greatest ? most : sum / count);
    }
  });
  return values;
}

/// Mean and variance (over n, not n - 1) of each channel.
struct moments {
  doubles mean;
  doubles variance;
};

inline moments moments_of(std::span<const float> in, std::size_t channels) {
  moments m = {doubles(channels), doubles(channels)};
  const double n = static_cast<double>(in.size() / channels);
  for (std::size_t j = 0; j < in.size(); ++j) {
    m.mean[j % channels] += static_cast<double>(in[j]) / n;
  }
  for (std::size_t j = 0; j < in.size(); ++j) {
    const double off = static_cast<double>(in[j]) - m.mean[j % channels];
    m.variance[j % channels] += off * off / n;
  }
  return m;
}

inline doubles normalise(std::span<const float> in, const moments& m,
                         std::span<const float> weight,
                         std::span<const float> bias, double epsilon) {
  const std::size_t channels = m.mean.size();
  doubles out;
  for (std::size_t j = 0; j < in.size(); ++j) {
    const std::size_t c = j % channels;
    out.push_back(static_cast<double>(weight[c]) *
                      (static_cast<double>(in[j]) - m.mean[c]) /
                      std::sqrt(m.variance[c] + epsilon) +
                  static_cast<double>(bias[c]));
  }
  return out;
}

/// All steps of the hidden state of one sequence; weights as torch.nn.LSTM
/// has them, one array after the other.
inline doubles lstm(std::size_t channels, std::size_t hidden,
                    std::span<const float> sequence,
                    std::span<const float> weights) {
  const auto weight_ih = weights.first(4 * hidden * channels);
  const auto weight_hh =
      weights.subspan(4 * hidden * channels, 4 * hidden * hidden);
  const auto biases = weights.last(8 * hidden);
  const auto sigmoid = [](double x) { return 1.0 / (1.0 + std::exp(-x)); };
  doubles h(hidden);
  doubles c(hidden);
  doubles out;
  for (std::size_t t = 0; t < sequence.size() / channels; ++t) {
    doubles gates(4 * hidden);
    for (std::size_t g = 0; g < 4 * hidden; ++g) {
      gates[g] = static_cast<double>(biases[g]) +
                 static_cast<double>(biases[4 * hidden + g]);
      for (std::size_t j = 0; j < channels; ++j) {
        gates[g] += static_cast<double>(weight_ih[g * channels + j]) *
                    static_cast<double>(sequence[t * channels + j]);
      }
      for (std::size_t j = 0; j < hidden; ++j) {
        gates[g] += static_cast<double>(weight_hh[g * hidden + j]) * h[j];
      }
    }
    for (std::size_t j = 0; j < hidden; ++j) {
      c[j] = sigmoid(gates[hidden + j]) * c[j] +
             sigmoid(gates[j]) * std::tanh(gates[2 * hidden + j]);
      h[j] = sigmoid(gates[3 * hidden + j]) * std::tanh(c[j]);
    }
    out.insert(out.end(), h.begin(), h.end());
  }
  return out;
}

struct response_form {
  std::size_t size = 5;
  double alpha = 1e-4;
  double beta = 0.75;
  double k = 1.0;
  bool within = false;
};

inline doubles respond(kernels::shape s, const response_form& form,
                       std::span<const float> image) {
  const image_view view(s, image);
  const auto size = static_cast<std::ptrdiff_t>(form.size);
  doubles out;
  const auto normalised = [&](double x, double squares, double count) {
    out.push_back(x /
                  std::pow(form.k + form.alpha * squares / count, form.beta));
  };
  for (std::ptrdiff_t y = 0; y < static_cast<std::ptrdiff_t>(s.height); ++y) {
    for (std::ptrdiff_t x = 0; x < static_cast<std::ptrdiff_t>(s.width); ++x) {
      const auto channels = static_cast<std::ptrdiff_t>(s.channels);
      for (std::ptrdiff_t c = 0; c < channels; ++c) {
        const auto own = static_cast<std::size_t>(c);
        double squares = 0.0;
        if (form.within) {
          for (std::ptrdiff_t i = y - size / 2; i <= y + size / 2; ++i) {
            for (std::ptrdiff_t j = x - size / 2; j <= x + size / 2; ++j) {
              squares += view.at(i, j, own) * view.at(i, j, own);
            }
          }
          normalised(view.at(y, x, own), squares,
                     static_cast<double>(size * size));
          continue;
        }
        for (std::ptrdiff_t i = c - size / 2; i <= c + (size - 1) / 2; ++i) {
          if (i >= 0 && i < channels) {
            const double other = view.at(y, x, static_cast<std::size_t>(i));
            squares += other * other;
          }
        }
        normalised(view.at(y, x, own), squares, static_cast<double>(size));
      }
    }
  }
  return out;
}

}  // namespace sounder::tests

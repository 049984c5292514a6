// Batch normalisation (Ioffe and Szegedy 2015).

#include <cmath>
#include <vector>

#include "kernels/network/layers/families.hpp"

namespace sounder::kernels::layers {

namespace {

/// For every channel, over the n = batch * positions values x of it:
///
///   training    m = mean x,  v = mean (x - m)^2,
///               out = weight (x - m) / sqrt(v + epsilon) + bias,
///               running_mean += momentum (m - running_mean),
///               running_var  += momentum (v n / (n - 1) - running_var)
///   evaluation  the running ones for m and v
///
/// Running means and variances are statistics: exchanges between replicas
/// treat them as they treat parameters (averages are averaged, what is
/// overwritten is overwritten, differences are added), steps do not. A
/// running variance below 0, which momentum at a hub can make, counts as 0;
/// a batch with n = 1 has none to tell and leaves the running one alone.
class batch_norm final : public layer {
 public:
  batch_norm(shape in, float momentum, float epsilon)
      : in_(in), momentum_(momentum), epsilon_(epsilon) {}

  shape output() const noexcept override { return in_; }

  std::vector<parameter_array> weights() const override {
    return {{"weight", {in_.channels}, {start_values::kind::constant, 1.0F}},
            {"bias", {in_.channels}, {}}};
  }
  std::vector<parameter_array> statistics() const override {
    return {
        {"running_mean", {in_.channels}, {}},
        {"running_var", {in_.channels}, {start_values::kind::constant, 1.0F}}};
  }

  /// Mean and 1 / sqrt(v + epsilon) of each channel.
  std::size_t kept(std::size_t) const override { return 2 * in_.channels; }
  std::size_t scratch(std::size_t) const override { return 4 * in_.channels; }
  double flops() const noexcept override {
    return 4.0 * static_cast<double>(in_.size());
  }

  void forward(const layer_pass& pass) const override {
    const std::size_t n = in_.channels;
    float* const mean = pass.kept;
    float* const inverse = mean + n;
    if (pass.is_training) {
      find_moments(pass, mean, inverse);
    } else {
      std::copy_n(pass.statistics, n, mean);
      std::copy_n(pass.statistics + n, n, inverse);
    }
    for (std::size_t c = 0; c < n; ++c) {
      inverse[c] = 1.0F / std::sqrt(std::max(inverse[c], 0.0F) + epsilon_);
    }
    float* const factor = pass.scratch;
    float* const shift = factor + n;
    for (std::size_t c = 0; c < n; ++c) {
      factor[c] = pass.weights[c] * inverse[c];
      shift[c] = pass.weights[n + c] - factor[c] * mean[c];
    }
    for (std::size_t p = 0; p < rows(pass); ++p) {
      const float* const x = pass.in[0] + p * n;
      float* const out = pass.out + p * n;
#pragma omp simd
      for (std::size_t c = 0; c < n; ++c) {
        out[c] = factor[c] * x[c] + shift[c];
      }
    }
  }

  /// With z = (x - m) / sqrt(v + epsilon) and means over the n values:
  ///
  ///   d_x = weight / sqrt(v + epsilon)
  ///         (d_out - mean d_out - z mean (d_out z))
  void backward(const layer_pass& pass) const override {
    const std::size_t n = in_.channels;
    const float* const mean = pass.kept;
    const float* const inverse = mean + n;
    float* const d_weight = pass.d_weights;
    float* const d_bias = d_weight + n;
    sum_columns(pass,
                [&](std::size_t p, std::size_t c, float& first, float& second) {
                  const float d = pass.d_out[p * n + c];
                  first += d * (pass.in[0][p * n + c] - mean[c]);
                  second += d;
                });
    const float* const sums = pass.scratch;
    for (std::size_t c = 0; c < n; ++c) {
      d_weight[c] = sums[c] * inverse[c];
      d_bias[c] = sums[n + c];
    }
    set_statistics(pass);
    if (pass.d_in[0] != nullptr) {
      set_d_in(pass);
    }
  }

 private:
  std::size_t rows(const layer_pass& pass) const noexcept {
    return pass.batch * in_.positions();
  }

  /// scratch[c] and scratch[channels + c] get the sums over all rows that
  /// add(row, channel, first, second) makes. Blocks of rows are summed in
  /// single precision and added up in double, for the sake of large batches.
  template <class Add>
  void sum_columns(const layer_pass& pass, Add add) const {
    constexpr std::size_t block = 256;
    const std::size_t n = in_.channels;
    float* const sums = pass.scratch;
    std::vector<double> total(2 * n);
    for (std::size_t p = 0; p < rows(pass); p += block) {
      std::fill_n(sums, 2 * n, 0.0F);
      const std::size_t end = std::min(p + block, rows(pass));
      for (std::size_t q = p; q < end; ++q) {
#pragma omp simd
        for (std::size_t c = 0; c < n; ++c) {
          add(q, c, sums[c], sums[n + c]);
        }
      }
      for (std::size_t c = 0; c < 2 * n; ++c) {
        total[c] += static_cast<double>(sums[c]);
      }
    }
    for (std::size_t c = 0; c < 2 * n; ++c) {
      sums[c] = static_cast<float>(total[c]);
    }
  }

  /// In two walks would be exact; in one, around the first row of the batch,
  /// no digits are lost as long as values are within some deviations of it.
  void find_moments(const layer_pass& pass, float* mean,
                    float* variance) const {
    const std::size_t n = in_.channels;
    const float* const pivot = pass.in[0];
    sum_columns(pass,
                [&](std::size_t p, std::size_t c, float& first, float& second) {
                  const float x = pass.in[0][p * n + c] - pivot[c];
                  first += x;
                  second += x * x;
                });
    const auto count = static_cast<float>(rows(pass));
    for (std::size_t c = 0; c < n; ++c) {
      const float off = pass.scratch[c] / count;
      mean[c] = pivot[c] + off;
      variance[c] = std::max(pass.scratch[n + c] / count - off * off, 0.0F);
    }
  }

  void set_statistics(const layer_pass& pass) const {
    const std::size_t n = in_.channels;
    const auto count = static_cast<float>(rows(pass));
    for (std::size_t c = 0; c < n; ++c) {
      const float inverse = pass.kept[n + c];
      const float variance = 1.0F / (inverse * inverse) - epsilon_;
      pass.d_statistics[c] = momentum_ * (pass.statistics[c] - pass.kept[c]);
      pass.d_statistics[n + c] =
          count > 1.0F ? momentum_ * (pass.statistics[n + c] -
                                      variance * count / (count - 1.0F))
                       : 0.0F;
    }
  }

  void set_d_in(const layer_pass& pass) const {
    const std::size_t n = in_.channels;
    const float* const mean = pass.kept;
    const float* const inverse = mean + n;
    // d_x = a d_out + b x + c
    float* const a = pass.scratch;
    float* const b = a + n;
    float* const shift = b + n;
    const auto count = static_cast<float>(rows(pass));
    for (std::size_t c = 0; c < n; ++c) {
      a[c] = pass.weights[c] * inverse[c];
      b[c] = -a[c] * pass.d_weights[c] / count * inverse[c];
      shift[c] = -a[c] * pass.d_weights[n + c] / count - b[c] * mean[c];
    }
    const bool adds = pass.d_in_is_set[0];
    for (std::size_t p = 0; p < rows(pass); ++p) {
      const float* const x = pass.in[0] + p * n;
      const float* const d = pass.d_out + p * n;
      float* const to = pass.d_in[0] + p * n;
      if (adds) {
#pragma omp simd
        for (std::size_t c = 0; c < n; ++c) {
          to[c] += a[c] * d[c] + b[c] * x[c] + shift[c];
        }
      } else {
#pragma omp simd
        for (std::size_t c = 0; c < n; ++c) {
          to[c] = a[c] * d[c] + b[c] * x[c] + shift[c];
        }
      }
    }
  }

  shape in_;
  float momentum_;
  float epsilon_;
};

}  // namespace

void add_batch_norm(std::vector<layer_kind>& kinds) {
  kinds.push_back({"batch-norm", "momentum=0.1 epsilon=1e-5",
                   [](layer_words& words, std::span<const shape> in) {
                     const double momentum = words.real("momentum", 0.1);
                     const double epsilon = words.real("epsilon", 1e-5);
                     if (!(momentum > 0.0 && momentum <= 1.0)) {
                       words.fail("the momentum must be in (0, 1]");
                     }
                     if (!(epsilon > 0.0)) {
                       words.fail("epsilon must be positive");
                     }
                     return std::make_unique<batch_norm>(
                         in[0], static_cast<float>(momentum),
                         static_cast<float>(epsilon));
                   },
                   1, 1});
}

}  // namespace sounder::kernels::layers

// Long short-term memory (Hochreiter and Schmidhuber 1997, with the forget
// gate of Gers et al. 2000).
//
// Within the layer samples are sorted by step: row t * batch + b belongs to
// step t of sample b, so that a step is one block of memory and all steps are
// one matrix for the products that need no order.

#include <algorithm>
#include <cmath>

#include <fmt/format.h>

#include "kernels/network/layers/d_in.hpp"
#include "kernels/network/layers/families.hpp"
#include "kernels/network/layers/matrices.hpp"

namespace sounder::kernels::layers {

namespace {

///   (i, f, g, o)_t = weight_ih x_t + bias_ih + weight_hh h_{t-1} + bias_hh
///   c_t = sigmoid(f_t) c_{t-1} + sigmoid(i_t) tanh(g_t)
///   h_t = sigmoid(o_t) tanh(c_t),   c_{-1} = h_{-1} = 0
///
/// The output is h, all steps of it. Names, order and start of the parameters
/// are those of torch.nn.LSTM.
class lstm final : public layer {
 public:
  lstm(shape in, std::size_t hidden) : in_(in), hidden_(hidden) {}

  shape output() const noexcept override { return {in_.height, 1, hidden_}; }

  std::vector<parameter_array> weights() const override {
    const start_values start = {
        start_values::kind::uniform,
        static_cast<float>(1.0 / std::sqrt(static_cast<double>(hidden_)))};
    return {{"weight_ih_l0", {gates(), in_.channels}, start},
            {"weight_hh_l0", {gates(), hidden_}, start},
            {"bias_ih_l0", {gates()}, start},
            {"bias_hh_l0", {gates()}, start}};
  }

  /// For each step of each sample: the input, the gates, c and h.
  std::size_t kept(std::size_t batch) const override {
    return rows(batch) * (in_.channels + gates() + 2 * hidden_);
  }
  /// Forward: the sum of the biases, and weight_hh transposed, as products
  /// like it. Backward: the derivatives by h and c, and a row.
  std::size_t scratch(std::size_t batch) const override {
    return std::max(gates() + gates() * hidden_, (2 * batch + 1) * hidden_);
  }

  double flops() const noexcept override {
    const std::size_t products = 2 * gates() * (in_.channels + hidden_);
    const std::size_t pointwise = 26 * hidden_;
    return static_cast<double>(in_.height * (products + pointwise));
  }
  bool backward_reads_input() const noexcept override { return false; }

  void forward(const layer_pass& pass) const override {
    const parts of = parts_of(pass);
    sort_by_step(pass.in[0], pass.batch, of.in);
    matrix(of.gates, rows(pass.batch), gates()).noalias() =
        matrix(of.in, rows(pass.batch), in_.channels) *
        weight_ih(pass).transpose();
    float* const bias = pass.scratch;
    array(bias, gates()) =
        array(bias_ih(pass), gates()) + array(bias_ih(pass) + gates(), gates());
    matrix_view turned = matrix(bias + gates(), hidden_, gates());
    transpose(weight_hh(pass), turned);
    for (std::size_t t = 0; t < in_.height; ++t) {
      if (t > 0) {
        matrix(of.gates_at(t), pass.batch, gates()).noalias() +=
            matrix(of.hidden_at(t - 1), pass.batch, hidden_) * turned;
      }
      for (std::size_t b = 0; b < pass.batch; ++b) {
        step(of, t, b, bias);
        std::copy_n(of.hidden_at(t, b), hidden_,
                    pass.out + (b * in_.height + t) * hidden_);
      }
    }
  }

  /// The gates become their derivatives (by what the nonlinearities get), the
  /// input at last its own.
  void backward(const layer_pass& pass) const override {
    const parts of = parts_of(pass);
    float* const d_bias = pass.d_weights + gates() * (in_.channels + hidden_);
    float* const d_hidden = pass.scratch;
    std::fill_n(d_bias, gates(), 0.0F);
    std::fill_n(d_hidden, 2 * pass.batch * hidden_, 0.0F);
    for (std::size_t t = in_.height; t-- > 0;) {
      for (std::size_t b = 0; b < pass.batch; ++b) {
        step_back(pass, of, t, b);
        array(d_bias, gates()) += array(of.gates_at(t, b), gates());
      }
      if (t > 0) {
        matrix(d_hidden, pass.batch, hidden_).noalias() =
            matrix(of.gates_at(t), pass.batch, gates()) * weight_hh(pass);
      }
    }
    std::copy_n(d_bias, gates(), d_bias + gates());
    set_d_matrices(pass, of);
    if (pass.d_in[0] != nullptr) {
      matrix(of.in, rows(pass.batch), in_.channels).noalias() =
          matrix(of.gates, rows(pass.batch), gates()) * weight_ih(pass);
      sort_by_sample(of.in, pass);
    }
  }

 private:
  /// What is kept, each sorted by step.
  struct parts {
    std::size_t batch;
    std::size_t width;  // of h and c
    float* in;
    float* gates;  // i, f, g, o
    float* cells;
    float* hidden;

    float* gates_at(std::size_t t, std::size_t b = 0) const noexcept {
      return gates + (t * batch + b) * 4 * width;
    }
    float* cell_at(std::size_t t, std::size_t b) const noexcept {
      return cells + (t * batch + b) * width;
    }
    float* hidden_at(std::size_t t, std::size_t b = 0) const noexcept {
      return hidden + (t * batch + b) * width;
    }
  };

  parts parts_of(const layer_pass& pass) const noexcept {
    const std::size_t n = rows(pass.batch);
    parts of = {pass.batch, hidden_, pass.kept, nullptr, nullptr, nullptr};
    of.gates = of.in + n * in_.channels;
    of.cells = of.gates + n * gates();
    of.hidden = of.cells + n * hidden_;
    return of;
  }

  std::size_t gates() const noexcept { return 4 * hidden_; }
  std::size_t rows(std::size_t batch) const noexcept {
    return batch * in_.height;
  }
  const_matrix_view weight_ih(const layer_pass& pass) const {
    return matrix(pass.weights, gates(), in_.channels);
  }
  const_matrix_view weight_hh(const layer_pass& pass) const {
    return matrix(pass.weights + gates() * in_.channels, gates(), hidden_);
  }
  const float* bias_ih(const layer_pass& pass) const noexcept {
    return pass.weights + gates() * (in_.channels + hidden_);
  }

  /// Some rows at a time, so that what is read of them stays in the cache.
  static void transpose(const const_matrix_view& from, matrix_view& to) {
    constexpr Eigen::Index block = 16;
    for (Eigen::Index first = 0; first < from.rows(); first += block) {
      const Eigen::Index n = std::min(block, from.rows() - first);
      to.middleCols(first, n) = from.middleRows(first, n).transpose();
    }
  }

  void sort_by_step(const float* from, std::size_t batch, float* to) const {
    const std::size_t n = in_.channels;
    for (std::size_t b = 0; b < batch; ++b) {
      for (std::size_t t = 0; t < in_.height; ++t) {
        std::copy_n(from + (b * in_.height + t) * n, n,
                    to + (t * batch + b) * n);
      }
    }
  }

  /// Into d_in: sets or adds.
  void sort_by_sample(const float* from, const layer_pass& pass) const {
    const std::size_t n = in_.channels;
    for (std::size_t b = 0; b < pass.batch; ++b) {
      for (std::size_t t = 0; t < in_.height; ++t) {
        set_or_add(vector(pass.d_in[0] + (b * in_.height + t) * n, n),
                   vector(from + (t * pass.batch + b) * n, n),
                   pass.d_in_is_set[0]);
      }
    }
  }

  /// From the gates before their nonlinearities and without the biases.
  void step(const parts& of, std::size_t t, std::size_t b,
            const float* bias) const {
    const std::size_t n = hidden_;
    float* const i = of.gates_at(t, b);
    const float* const f = i + n;
    float* const g = i + 2 * n;
    float* const o = i + 3 * n;
    array(i, 2 * n) = (array(i, 2 * n) + array(bias, 2 * n)).logistic();
    array(g, n) = (array(g, n) + array(bias + 2 * n, n)).tanh();
    array(o, n) = (array(o, n) + array(bias + 3 * n, n)).logistic();
    float* const c = of.cell_at(t, b);
    if (t == 0) {
      array(c, n) = array(i, n) * array(g, n);
    } else {
      array(c, n) = array(f, n) * array(of.cell_at(t - 1, b), n) +
                    array(i, n) * array(g, n);
    }
    array(of.hidden_at(t, b), n) = array(o, n) * array(c, n).tanh();
  }

  /// d_hidden has what comes from step t + 1, d_cell likewise; d_cell gets
  /// what goes to step t - 1.
  void step_back(const layer_pass& pass, const parts& of, std::size_t t,
                 std::size_t b) const {
    const std::size_t n = hidden_;
    const float* const d_hidden = pass.scratch + b * n;
    float* const d_cell = pass.scratch + (pass.batch + b) * n;
    float* const saturated = pass.scratch + 2 * pass.batch * n;
    array(saturated, n) = array(of.cell_at(t, b), n).tanh();
    const float* const d_out = pass.d_out + (b * in_.height + t) * n;
    // Of no weight at the first step: there, f has nothing to forget.
    const float* const before = t > 0 ? of.cell_at(t - 1, b) : d_out;
    const float has_before = t > 0 ? 1.0F : 0.0F;
    float* const i = of.gates_at(t, b);
    float* const f = i + n;
    float* const g = i + 2 * n;
    float* const o = i + 3 * n;
#pragma omp simd
    for (std::size_t k = 0; k < n; ++k) {
      const float d_h = d_hidden[k] + d_out[k];
      const float d_c =
          d_cell[k] + d_h * o[k] * (1.0F - saturated[k] * saturated[k]);
      const float d_i = d_c * g[k] * i[k] * (1.0F - i[k]);
      const float d_f = d_c * before[k] * f[k] * (1.0F - f[k]);
      const float d_g = d_c * i[k] * (1.0F - g[k] * g[k]);
      const float d_o = d_h * saturated[k] * o[k] * (1.0F - o[k]);
      d_cell[k] = d_c * f[k];
      i[k] = d_i;
      f[k] = has_before * d_f;
      g[k] = d_g;
      o[k] = d_o;
    }
  }

  /// From the derivatives of the gates, all steps at once.
  void set_d_matrices(const layer_pass& pass, const parts& of) const {
    const std::size_t all = rows(pass.batch);
    matrix(pass.d_weights, gates(), in_.channels).noalias() =
        matrix(of.gates, all, gates()).transpose() *
        matrix(of.in, all, in_.channels);
    matrix_view d_weight_hh =
        matrix(pass.d_weights + gates() * in_.channels, gates(), hidden_);
    const std::size_t later = all - pass.batch;
    if (later == 0) {
      d_weight_hh.setZero();
      return;
    }
    d_weight_hh.noalias() = matrix(of.gates_at(1), later, gates()).transpose() *
                            matrix(of.hidden, later, hidden_);
  }

  shape in_;
  std::size_t hidden_;
};

}  // namespace

void add_lstm(std::vector<layer_kind>& kinds) {
  kinds.push_back({"lstm", "HIDDEN: all steps of its output",
                   [](layer_words& words, std::span<const shape> in) {
                     if (in[0].width != 1) {
                       words.fail(
                           fmt::format("{} is no sequence of steps; "
                                       "'rows' makes one of an image",
                                       to_text(in[0])));
                     }
                     return std::make_unique<lstm>(
                         in[0], words.count("number of hidden units"));
                   },
                   1, 1});
}

}  // namespace sounder::kernels::layers

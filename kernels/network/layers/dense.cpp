// Fully connected layers.

#include <fmt/format.h>

#include "kernels/network/layers/d_in.hpp"
#include "kernels/network/layers/families.hpp"
#include "kernels/network/layers/matrices.hpp"

namespace sounder::kernels::layers {

namespace {

/// out = W x + bias, x all values of a sample.
///
/// Weights: (outputs, height, width, channels) of an image, (outputs, n) of
/// a vector: a row for each output, in the order of the input's memory.
class dense final : public layer {
 public:
  dense(shape in, std::size_t outputs, bool has_bias, start_values start)
      : in_(in), outputs_(outputs), has_bias_(has_bias), start_(start) {}

  shape output() const noexcept override { return {1, 1, outputs_}; }

  std::vector<parameter_array> weights() const override {
    std::vector<parameter_array> all(1);
    all[0] = {"weight", {outputs_}, start_};
    if (in_.positions() > 1) {
      all[0].sizes.insert(all[0].sizes.end(), {in_.height, in_.width});
    }
    all[0].sizes.push_back(in_.channels);
    if (has_bias_) {
      all.push_back({"bias", {outputs_}, {}});
    }
    return all;
  }

  double flops() const noexcept override {
    return static_cast<double>(2 * in_.size() + (has_bias_ ? 1 : 0)) *
           static_cast<double>(outputs_);
  }

  void forward(const layer_pass& pass) const override {
    auto out = matrix(pass.out, pass.batch, outputs_);
    out.noalias() = matrix(pass.in[0], pass.batch, in_.size()) *
                    matrix(pass.weights, outputs_, in_.size()).transpose();
    if (has_bias_) {
      out.rowwise() += vector(pass.weights + outputs_ * in_.size(), outputs_);
    }
  }

  void backward(const layer_pass& pass) const override {
    const auto d_out = matrix(pass.d_out, pass.batch, outputs_);
    matrix(pass.d_weights, outputs_, in_.size()).noalias() =
        d_out.transpose() * matrix(pass.in[0], pass.batch, in_.size());
    if (has_bias_) {
      vector(pass.d_weights + outputs_ * in_.size(), outputs_) =
          d_out.colwise().sum();
    }
    if (pass.d_in[0] != nullptr) {
      set_or_add(matrix(pass.d_in[0], pass.batch, in_.size()),
                 d_out * matrix(pass.weights, outputs_, in_.size()),
                 pass.d_in_is_set[0]);
    }
  }

 private:
  shape in_;
  std::size_t outputs_;
  bool has_bias_;
  start_values start_;
};

std::unique_ptr<layer> make(layer_words& words, std::span<const shape> in) {
  const std::size_t outputs = words.count("number of outputs");
  const bool has_bias = !words.flag("no-bias");
  return std::make_unique<dense>(
      in[0], outputs, has_bias,
      start_by_name(words.word("start", "he"), in[0].size(), outputs));
}

}  // namespace

void add_dense(std::vector<layer_kind>& kinds) {
  kinds.push_back({"dense",
                   "OUTPUTS no-bias start=he|xavier|normal:S|uniform:S", make,
                   1, 1});
}

}  // namespace sounder::kernels::layers

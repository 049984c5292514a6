#include "kernels/network/layers/d_in.hpp"
#include "kernels/network/layers/families.hpp"
#include "kernels/network/layers/matrices.hpp"

namespace sounder::kernels::layers {

namespace {

/// out = in + bias, one number a channel.
class bias final : public layer {
 public:
  explicit bias(shape in) : in_(in) {}

  shape output() const noexcept override { return in_; }
  std::vector<parameter_array> weights() const override {
    return {{"bias", {in_.channels}, {}}};
  }
  double flops() const noexcept override {
    return static_cast<double>(in_.size());
  }
  bool works_in_place() const noexcept override { return true; }
  bool backward_reads_input() const noexcept override { return false; }

  void forward(const layer_pass& pass) const override {
    const std::size_t rows = pass.batch * in_.positions();
    matrix(pass.out, rows, in_.channels) =
        matrix(pass.in[0], rows, in_.channels).rowwise() +
        vector(pass.weights, in_.channels);
  }

  void backward(const layer_pass& pass) const override {
    const std::size_t rows = pass.batch * in_.positions();
    const auto d_out = matrix(pass.d_out, rows, in_.channels);
    vector(pass.d_weights, in_.channels) = d_out.colwise().sum();
    if (pass.d_in[0] != nullptr && pass.d_in[0] != pass.d_out) {
      set_or_add(matrix(pass.d_in[0], rows, in_.channels), d_out,
                 pass.d_in_is_set[0]);
    }
  }

 private:
  shape in_;
};

}  // namespace

void add_bias(std::vector<layer_kind>& kinds) {
  kinds.push_back({"bias", "one number a channel",
                   [](layer_words&, std::span<const shape> in) {
                     return std::make_unique<bias>(in[0]);
                   },
                   1, 1});
}

}  // namespace sounder::kernels::layers

// Element by element: ReLU, sigmoid, tanh.

#include "kernels/network/layers/d_in.hpp"
#include "kernels/network/layers/families.hpp"
#include "kernels/network/layers/matrices.hpp"

namespace sounder::kernels::layers {

namespace {

/// max(0, x); its slope at 0 is 0.
struct relu {
  static constexpr double flops = 1.0;
  template <class Array>
  static auto value(const Array& x) {
    return x.max(0.0F);
  }
  template <class Array>
  static auto slope(const Array& y) {
    return (y > 0.0F).template cast<float>();
  }
};

/// 1 / (1 + e^-x)
struct sigmoid {
  static constexpr double flops = 4.0;
  template <class Array>
  static auto value(const Array& x) {
    return x.logistic();
  }
  template <class Array>
  static auto slope(const Array& y) {
    return y * (1.0F - y);
  }
};

struct hyperbolic_tangent {
  static constexpr double flops = 4.0;
  template <class Array>
  static auto value(const Array& x) {
    return x.tanh();
  }
  template <class Array>
  static auto slope(const Array& y) {
    return 1.0F - y * y;
  }
};

/// out = Function::value(in); the slope is told from out.
template <class Function>
class activation final : public layer {
 public:
  explicit activation(shape in) : in_(in) {}

  shape output() const noexcept override { return in_; }
  double flops() const noexcept override {
    return Function::flops * static_cast<double>(in_.size());
  }
  bool works_in_place() const noexcept override { return true; }
  bool backward_reads_input() const noexcept override { return false; }
  bool backward_reads_output() const noexcept override { return true; }

  void forward(const layer_pass& pass) const override {
    const std::size_t n = pass.batch * in_.size();
    array(pass.out, n) = Function::value(array(pass.in[0], n));
  }

  void backward(const layer_pass& pass) const override {
    float* const d_in = pass.d_in[0];
    if (d_in == nullptr) {
      return;
    }
    const std::size_t n = pass.batch * in_.size();
    const auto y = array(pass.out, n);
    const auto d_out = array(pass.d_out, n);
    set_or_add(array(d_in, n).matrix(), (d_out * Function::slope(y)).matrix(),
               pass.d_in_is_set[0] && d_in != pass.d_out);
  }

 private:
  shape in_;
};

template <class Function>
layer_kind kind(const char* name, const char* help) {
  return {name, help,
          [](layer_words&, std::span<const shape> in) {
            return std::make_unique<activation<Function>>(in[0]);
          },
          1, 1};
}

}  // namespace

void add_activations(std::vector<layer_kind>& kinds) {
  kinds.push_back(kind<relu>("relu", "max(0, x)"));
  kinds.push_back(kind<sigmoid>("sigmoid", "1 / (1 + e^-x)"));
  kinds.push_back(kind<hyperbolic_tangent>("tanh", "(e^2x - 1) / (e^2x + 1)"));
}

}  // namespace sounder::kernels::layers

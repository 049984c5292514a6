// A layer of your own: ReLU with slopes that are learnt (He et al. 2015).
//
// A layer is a class; add_layer_kind makes it a word for networks' lines. Here
// it helps to tell points within a circle from those around it.

#include <algorithm>
#include <cmath>
#include <cstdio>

#include "actors/run/train.hpp"
#include "kernels/data/random.hpp"
#include "kernels/network/layer_kinds.hpp"
#include "kernels/network/network.hpp"

using namespace sounder;

/// out = x for x > 0, else slope_c x, c the channel of x.
class prelu final : public kernels::layer {
 public:
  prelu(kernels::shape in, float start) : in_(in), start_(start) {}

  kernels::shape output() const noexcept override { return in_; }
  std::vector<kernels::parameter_array> weights() const override {
    using kernels::start_values;
    return {{"weight", {in_.channels}, {start_values::kind::constant, start_}}};
  }
  double flops() const noexcept override {
    return 2.0 * static_cast<double>(in_.size());
  }

  void forward(const kernels::layer_pass& pass) const override {
    const float* const x = pass.in[0];
    for (std::size_t k = 0; k < pass.batch * in_.size(); ++k) {
      const float slope = pass.weights[k % in_.channels];
      pass.out[k] = x[k] > 0.0F ? x[k] : slope * x[k];
    }
  }

  void backward(const kernels::layer_pass& pass) const override {
    const float* const x = pass.in[0];
    std::fill_n(pass.d_weights, in_.channels, 0.0F);
    for (std::size_t k = 0; k < pass.batch * in_.size(); ++k) {
      pass.d_weights[k % in_.channels] += pass.d_out[k] * std::min(x[k], 0.0F);
    }
    float* const d_in = pass.d_in[0];
    if (d_in == nullptr) {
      return;  // nothing to train before this layer
    }
    for (std::size_t k = 0; k < pass.batch * in_.size(); ++k) {
      const float slope = x[k] > 0.0F ? 1.0F : pass.weights[k % in_.channels];
      d_in[k] = slope * pass.d_out[k] + (pass.d_in_is_set[0] ? d_in[k] : 0.0F);
    }
  }

 private:
  kernels::shape in_;
  float start_;
};

/// "prelu start=0.25"
std::unique_ptr<kernels::layer> make_prelu(kernels::layer_words& words,
                                           std::span<const kernels::shape> in) {
  const double start = words.real("start", 0.25);
  if (std::abs(start) > 1.0) {
    words.fail("the slope must be in [-1, 1]");
  }
  return std::make_unique<prelu>(in[0], static_cast<float>(start));
}

/// The gradient against quotients of differences of the loss.
double worst_difference(const kernels::network& net,
                        const kernels::dataset& data) {
  constexpr float h = 1e-2F;
  const std::vector<std::uint32_t> rows = {0, 1, 2, 3, 4, 5, 6, 7};
  std::vector<float> w(net.dimension());
  net.initialise(w, 1);
  std::vector<float> gradient(net.dimension());
  net.add_gradient(data, rows, w.data(), gradient);
  double worst = 0.0;
  for (std::size_t j = 0; j < w.size(); ++j) {
    const float middle = w[j];
    w[j] = middle + h;
    const double above = net.training_loss(data, rows, w.data());
    w[j] = middle - h;
    const double below = net.training_loss(data, rows, w.data());
    w[j] = middle;
    const double slope = (above - below) / (2.0 * static_cast<double>(h));
    worst = std::max(worst, std::abs(slope - static_cast<double>(gradient[j])));
  }
  return worst;
}

/// Points of a square; class 1 within the unit circle.
kernels::dataset make_points(std::size_t count, std::uint64_t seed) {
  kernels::dense_storage points;
  std::vector<float> labels;
  kernels::random_stream random(seed);
  for (std::size_t i = 0; i < count; ++i) {
    const double x = 3.0 * random.uniform() - 1.5;
    const double y = 3.0 * random.uniform() - 1.5;
    points.floats.push_back(static_cast<float>(x));
    points.floats.push_back(static_cast<float>(y));
    labels.push_back(x * x + y * y < 1.0 ? 1.0F : 0.0F);
  }
  return {std::move(points), std::move(labels), 2};
}

int main() {
  kernels::add_layer_kind(
      {"prelu", "start=X: x, or slope x below 0", make_prelu});
  const auto net = std::make_shared<kernels::network>(
      kernels::parse_layers("input 2\n"
                            "dense 16\n"
                            "prelu start=0.1\n"
                            "dense 2 start=xavier\n",
                            "own_layer"));
  const kernels::dataset train = make_points(4000, 1);
  const kernels::dataset test = make_points(1000, 2);
  std::printf("gradient off by %.1e at most\n", worst_difference(*net, train));

  actors::training_plan plan;
  plan.objective = net;
  plan.graph = topology::hogwild(2);
  plan.batch_size = 16;
  plan.schedule = kernels::constant_step(0.2);

  const auto report = actors::train(plan, train, test);
  std::printf("test error %.2f %%\n", 100 * *report.epochs.back().test_error);
}

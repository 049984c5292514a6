#include "kernels/network/models.hpp"

#include <cmath>
#include <map>

#include <catch2/catch.hpp>

#include "kernels/network/network.hpp"

namespace k = sounder::kernels;

namespace {

k::network made(const std::string& name) {
  const k::model_card& card = *k::find_model(name);
  return k::network(k::make_model(name, {card.input, card.classes}));
}

/// A multiplication with an addition counts as one, as tables of models do.
double multiply_adds(const k::network& net) {
  double sum = 0.0;
  for (const auto& l : net.layers()) {
    const std::string& kind = l.line.kind;
    if (kind == "conv" || kind == "dense") {
      sum += l.function->flops() / 2.0;
    }
  }
  return sum;
}

/// Operations forward by hand: `p` positions, `in` channels to `out`, `taps`
/// values of a filter a channel; a multiplication with an addition is two.
constexpr double conv(double p, double in, double out, double taps) {
  return 2 * p * in * out * taps;
}
constexpr double dense(double in, double out) { return (2 * in + 1) * out; }
/// Convolution, batch norm (4 a value), ReLU (1).
constexpr double unit(double p, double in, double out, double taps) {
  return conv(p, in, out, taps) + 5 * p * out;
}
constexpr double pool(double p, double channels, double side) {
  return p * channels * side * side;
}

constexpr double lenet_operations() {
  return conv(784, 1, 6, 25) + 2 * 784 * 6 + pool(196, 6, 2) +
         conv(100, 6, 16, 25) + 2 * 100 * 16 + pool(25, 16, 2) +
         dense(400, 120) + 120 + dense(120, 84) + 84 + dense(84, 10);
}

constexpr double cnn_operations() {  // its convolutions have biases
  return unit(1024, 3, 64, 9) + 1024 * 64 + pool(256, 64, 2) +
         unit(256, 64, 64, 9) + 256 * 64 + pool(64, 64, 2) + dense(4096, 256) +
         256 + dense(256, 10);
}

/// Response norm over 3 x 3 positions is 16 a value.
constexpr double cifar10_operations() {
  return conv(1024, 3, 32, 25) + 1024 * 32 + pool(256, 32, 3) +
         (1 + 16) * 256 * 32 + conv(256, 32, 32, 25) + 2 * 256 * 32 +
         pool(64, 32, 3) + 16 * 64 * 32 + conv(64, 32, 64, 25) + 2 * 64 * 64 +
         pool(16, 64, 3) + dense(1024, 10);
}

/// 28 steps; an LSTM's are 4 gates and 26 a unit besides.
constexpr double lstm_operations() {
  return 28 * (dense(28, 128) + 4 * 2 * 128 * (128 + 128) + 26 * 128) +
         dense(128, 10);
}

constexpr double mlp_deep_operations() {
  return dense(784, 128) + 7 * dense(128, 128) + 8 * 128 + dense(128, 10);
}

double densenet_operations() {
  double sum = conv(1024, 3, 16, 9);
  double channels = 16;
  double p = 1024;
  for (const bool is_last : {false, false, true}) {
    for (int layer = 0; layer < 12; ++layer, channels += 12) {
      sum += 5 * p * channels + conv(p, channels, 12, 9);
    }
    sum += 5 * p * channels;
    if (!is_last) {
      sum += conv(p, channels, channels, 1) + pool(p / 4, channels, 2);
      p /= 4;
    }
  }
  return sum + p * channels + dense(channels, 10);
}

double googlenet_operations() {
  struct block {  // Szegedy et al. 2015, table 1
    double p, in, one, reduce3, three, reduce5, five, pooled;
  };
  double sum = unit(112 * 112, 3, 64, 49) + pool(56 * 56, 64, 3) +
               unit(56 * 56, 64, 64, 1) + unit(56 * 56, 64, 192, 9) +
               pool(784, 192, 3) + pool(196, 480, 3) + pool(49, 832, 3);
  for (const block& b : {block{784, 192, 64, 96, 128, 16, 32, 32},
                         {784, 256, 128, 128, 192, 32, 96, 64},
                         {196, 480, 192, 96, 208, 16, 48, 64},
                         {196, 512, 160, 112, 224, 24, 64, 64},
                         {196, 512, 128, 128, 256, 24, 64, 64},
                         {196, 512, 112, 144, 288, 32, 64, 64},
                         {196, 528, 256, 160, 320, 32, 128, 128},
                         {49, 832, 256, 160, 320, 32, 128, 128},
                         {49, 832, 384, 192, 384, 48, 128, 128}}) {
    sum += unit(b.p, b.in, b.one, 1) + unit(b.p, b.in, b.reduce3, 1) +
           unit(b.p, b.reduce3, b.three, 9) + unit(b.p, b.in, b.reduce5, 1) +
           unit(b.p, b.reduce5, b.five, 25) + pool(b.p, b.in, 3) +
           unit(b.p, b.in, b.pooled, 1);
  }
  return sum + 49 * 1024 + 1024 + dense(1024, 1000);  // mean, dropout
}

/// He et al. 2016, table 1, the stride in a block's first convolution.
double resnet_operations() {
  double sum = unit(112 * 112, 3, 64, 49) + pool(56 * 56, 64, 3);
  double in = 64;
  double p = 56 * 56;
  double width = 64;
  for (const int blocks : {3, 4, 6, 3}) {
    for (int k = 0; k < blocks; ++k) {
      const double out = 4 * width;
      sum += unit(p, in, width, 1) + unit(p, width, width, 9) +
             unit(p, width, out, 1) + p * out;  // the sum, before the ReLU
      sum += k == 0 ? conv(p, in, out, 1) + 4 * p * out : 0;
      in = out;
    }
    p /= 4;
    width *= 2;
  }
  return sum + 49 * 2048 + dense(2048, 1000);
}

}  // namespace

TEST_CASE("models: each has the parameters that were published") {
  for (const k::model_card& card : k::model_cards()) {
    INFO(card.name);
    CHECK(made(card.name).trainable() == card.parameters);
  }
}

TEST_CASE("models: operations are those that were published") {
  // He et al. 2016, table 1: 3.8e9. Szegedy et al. 2015, table 1: the sum of
  // its column, 1.5e9. Huang et al. 2017's network at k = 12: 0.27e9.
  CHECK(multiply_adds(made("resnet50")) == Approx(3.86e9).epsilon(0.01));
  CHECK(multiply_adds(made("googlenet-bn")) == Approx(1.58e9).epsilon(0.02));
  CHECK(multiply_adds(made("densenet40")) == Approx(0.27e9).epsilon(0.02));
}

TEST_CASE("models: operations are those counted by hand") {
  const std::map<std::string, double> by_hand = {
      {"cnn", cnn_operations()},
      {"cifar10-full", cifar10_operations()},
      {"lenet", lenet_operations()},
      {"mlp", dense(784, 300) + 300 + dense(300, 100) + 100 + dense(100, 10)},
      {"mlp-deep", mlp_deep_operations()},
      {"mlp-wide", dense(784, 273) + 273 + dense(273, 10)},
      {"lstm-mnist", lstm_operations()},
      {"densenet40", densenet_operations()},
      {"googlenet-bn", googlenet_operations()},
      {"resnet50", resnet_operations()}};
  for (const k::model_card& card : k::model_cards()) {
    INFO(card.name);
    CHECK(made(card.name).flops() == by_hand.at(card.name));
  }
}

TEST_CASE("models: deep and wide have as many parameters") {
  const auto deep = static_cast<double>(made("mlp-deep").trainable());
  const auto wide = static_cast<double>(made("mlp-wide").trainable());

  CHECK(std::abs(deep / wide - 1.0) < 0.005);
}

TEST_CASE("models: widths of an mlp come with its name") {
  const k::network net(k::make_model("mlp:5,7", {{1, 1, 3}, 2}));

  CHECK(net.trainable() == 3 * 5 + 5 + 5 * 7 + 7 + 7 * 2 + 2);
  CHECK_THROWS_AS(k::make_model("mlp:5,x", {{1, 1, 3}, 2}),
                  std::invalid_argument);
  CHECK_THROWS_AS(k::make_model("mlp:0", {{1, 1, 3}, 2}),
                  std::invalid_argument);
  CHECK(k::find_model("lanet") == nullptr);
}

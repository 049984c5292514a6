#include "kernels/network/models.hpp"

#include <cmath>
#include <numeric>

#include <catch2/catch.hpp>

#include "kernels/data/random.hpp"
#include "kernels/network/network.hpp"

namespace k = sounder::kernels;

namespace {

k::network made(const std::string& name, k::shape input = {}) {
  const k::model_card& card = *k::find_model(name);
  return k::network(k::make_model(
      name, {input == k::shape{} ? card.input : input, card.classes}));
}

k::dataset images(const k::shape& shape, std::size_t rows,
                  std::size_t classes) {
  k::random_stream random(3);
  k::dense_storage values;
  values.floats.resize(rows * shape.size());
  for (float& x : values.floats) {
    x = static_cast<float>(random.normal());
  }
  std::vector<float> labels(rows);
  for (float& y : labels) {
    y = static_cast<float>(random.below(static_cast<std::uint32_t>(classes)));
  }
  return {std::move(values), std::move(labels), shape.size()};
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

// Along its gradient g the loss rises by |g|^2 for each unit. Where |g| is
// large the way to a given rise is short, and weights are rounded to floats:
// a rise of 0.015 is far enough for that not to show (it is 0.97 of the rise
// for resnet50, 0.56 at a fifteenth of it) and near enough for a slope.
TEST_CASE("models: the gradient is the loss's slope along it") {
  struct one {
    std::string name;
    k::shape input;  // images small, layers in true width
  };
  const one all[] = {{"cnn", {8, 8, 3}},
                     {"cifar10-full", {16, 16, 3}},
                     {"lenet", {28, 28, 1}},
                     {"mlp", {28, 28, 1}},
                     {"mlp-deep", {28, 28, 1}},
                     {"mlp-wide", {28, 28, 1}},
                     {"lstm-mnist", {28, 28, 1}},
                     {"densenet40", {8, 8, 3}},
                     {"googlenet-bn", {64, 64, 3}},
                     {"resnet50", {64, 64, 3}}};
  constexpr double rise = 0.015;
  for (const one& c : all) {
    INFO(c.name);
    const k::network net = made(c.name, c.input);
    const k::dataset data = images(c.input, 8, net.outputs());
    std::vector<std::uint32_t> rows(8);
    std::iota(rows.begin(), rows.end(), 0U);
    std::vector<float> w(net.dimension());
    net.initialise(w, 1);
    if (c.name == "cifar10-full") {  // it starts too flat to measure
      for (float& x : w) {
        x *= 10.0F;
      }
    }
    std::vector<float> gradient(net.dimension());
    net.add_gradient(data, rows, w.data(), gradient);

    double square = 0.0;
    for (std::size_t j = 0; j < net.trainable(); ++j) {
      square +=
          static_cast<double>(gradient[j]) * static_cast<double>(gradient[j]);
    }
    const double step = rise / square / 2.0;
    const auto loss_at = [&](double along) {
      std::vector<float> moved = w;
      for (std::size_t j = 0; j < net.trainable(); ++j) {
        moved[j] = static_cast<float>(static_cast<double>(w[j]) +
                                      along * static_cast<double>(gradient[j]));
      }
      return net.training_loss(data, rows, moved.data());
    };

    CHECK(loss_at(step) - loss_at(-step) == Approx(rise).epsilon(0.05));
  }
}

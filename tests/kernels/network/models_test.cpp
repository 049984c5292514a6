#include "kernels/network/models.hpp"

#include <cmath>

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

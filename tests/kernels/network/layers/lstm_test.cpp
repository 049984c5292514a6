#include <catch2/catch.hpp>

#include "tests/support/layer_reference.hpp"
#include "tests/support/lone_layer.hpp"

namespace k = sounder::kernels;
namespace t = sounder::tests;

namespace {

constexpr double rounding = 1e-5;  // of a few steps of sums of 40 products

}  // namespace

TEST_CASE("lstm: agrees with the reference") {
  struct lstm_case {
    std::size_t steps, channels, hidden, batch;
  };
  for (const auto& c :
       {lstm_case{1, 3, 4, 2}, lstm_case{7, 5, 3, 4}, lstm_case{9, 20, 17, 3},
        lstm_case{28, 1, 1, 1}, lstm_case{6, 16, 32, 5}}) {
    CAPTURE(c.steps, c.channels, c.hidden, c.batch);
    t::lone_layer layer("lstm " + std::to_string(c.hidden),
                        {{c.steps, 1, c.channels}}, c.batch);

    for (const bool is_training : {true, false}) {
      layer.forward(is_training);

      REQUIRE(layer.output() == k::shape{c.steps, 1, c.hidden});
      const auto expected =
          t::for_samples(layer.in[0], c.steps * c.channels, [&](auto sequence) {
            return t::lstm(c.channels, c.hidden, sequence, layer.weights);
          });
      CHECK(t::relative_gap(layer.out, expected) < rounding);
    }
  }
}

TEST_CASE("lstm: saturated gates hold the cell") {
  t::lone_layer layer("lstm 1", {{3, 1, 1}});
  layer.in[0] = {1, 0, 0};
  // i and g open by the input alone, f always; o hides nothing.
  layer.weights = {100, 0, 100, 0, 0, 0, 0, 0, -50, 50, 0, 50, 0, 0, 0, 0};

  layer.forward();

  for (const float h : layer.out) {
    CHECK(h == Approx(std::tanh(1.0)));
  }
}

TEST_CASE("lstm: has the parameters of torch.nn.LSTM") {
  const t::lone_layer layer("lstm 4", {{3, 1, 5}});

  const auto arrays = layer.function().weights();

  using sizes = std::vector<std::size_t>;
  REQUIRE(arrays.size() == 4);
  CHECK((arrays[0].name == "weight_ih_l0" && arrays[0].sizes == sizes{16, 5}));
  CHECK((arrays[1].name == "weight_hh_l0" && arrays[1].sizes == sizes{16, 4}));
  CHECK((arrays[2].name == "bias_ih_l0" && arrays[2].sizes == sizes{16}));
  CHECK((arrays[3].name == "bias_hh_l0" && arrays[3].sizes == sizes{16}));
  for (const k::parameter_array& array : arrays) {
    CHECK(array.start.distribution == k::start_values::kind::uniform);
    CHECK(array.start.scale == 0.5F);  // 1 / sqrt(4)
  }
}

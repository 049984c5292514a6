#include <catch2/catch.hpp>

#include "tests/support/layer_reference.hpp"
#include "tests/support/lone_layer.hpp"

namespace k = sounder::kernels;
namespace t = sounder::tests;

namespace {

using k::shape;

struct convolution_case {
  const char* line;
  shape in;
  shape out;
  t::window_form window;
  std::size_t groups = 1;
  bool has_bias = true;
};

const std::vector<convolution_case> cases = {
    {"conv 4", {3, 5, 2}, {3, 5, 4}, {}},
    {"conv 4 stride=2", {5, 4, 2}, {3, 2, 4}, {1, 1, 2}},
    {"conv 2 pad=1", {2, 3, 2}, {4, 5, 2}, {1, 1, 1, 1, 1}},
    {"conv 3 kernel=3", {6, 5, 2}, {4, 3, 3}, {3, 3}},
    {"conv 3 kernel=3 same", {6, 5, 2}, {6, 5, 3}, {3, 3, 1, 1, 1}},
    {"conv 3 kernel=3 same stride=2", {6, 5, 2}, {3, 3, 3}, {3, 3, 2, 1, 1}},
    {"conv 3 kernel=5 pad=2 stride=3", {7, 9, 1}, {3, 3, 3}, {5, 5, 3, 2, 2}},
    {"conv 3 kernel=2x4", {6, 5, 2}, {5, 2, 3}, {2, 4}},
    {"conv 3 kernel=1x7 same", {3, 9, 2}, {3, 9, 3}, {1, 7, 1, 0, 3}},
    {"conv 3 kernel=7x1 same", {9, 3, 2}, {9, 3, 3}, {7, 1, 1, 3, 0}},
    {"conv 6 kernel=3 groups=2 pad=1",
     {5, 5, 4},
     {5, 5, 6},
     {3, 3, 1, 1, 1},
     2},
    {"conv 6 kernel=2 groups=6 no-bias",
     {5, 5, 6},
     {4, 4, 6},
     {2, 2},
     6,
     false},
    {"conv 4 groups=2", {3, 3, 6}, {3, 3, 4}, {}, 2},
    {"conv 2 kernel=11 stride=4", {23, 27, 3}, {4, 5, 2}, {11, 11, 4}},
    // More patches than are gathered at once.
    {"conv 2 kernel=5 pad=2", {40, 40, 24}, {40, 40, 2}, {5, 5, 1, 2, 2}},
};

constexpr double rounding = 1e-5;  // of sums of 600 products at most

}  // namespace

TEST_CASE("convolution: agrees with the reference") {
  for (const convolution_case& c : cases) {
    CAPTURE(c.line);
    t::lone_layer layer(c.line, {c.in}, 3);
    const std::span<const float> weights = layer.weights;
    const std::size_t biases = c.has_bias ? c.out.channels : 0;

    layer.forward();

    REQUIRE(layer.output() == c.out);
    const auto expected =
        t::for_samples(layer.in[0], c.in.size(), [&](auto image) {
          return t::convolve(c.in, c.out, c.window, c.groups, image,
                             weights.first(weights.size() - biases),
                             weights.last(biases));
        });
    CHECK(t::relative_gap(layer.out, expected) < rounding);
  }
}

TEST_CASE("convolution: weights are arrays of filter, row, column, channel") {
  const t::lone_layer layer("conv 6 kernel=3x2 groups=2", {{5, 4, 4}});

  const auto arrays = layer.function().weights();

  REQUIRE(arrays.size() == 2);
  CHECK(arrays[0].name == "weight");
  CHECK(arrays[0].sizes == std::vector<std::size_t>{6, 3, 2, 2});
  CHECK(arrays[1].name == "bias");
  CHECK(arrays[1].sizes == std::vector<std::size_t>{6});
}

TEST_CASE("convolution: starts by the values that a filter sees") {
  const t::lone_layer layer("conv 6 kernel=3x2 groups=2", {{5, 4, 4}});

  const auto start = layer.function().weights()[0].start;

  CHECK(start.distribution == k::start_values::kind::normal);
  CHECK(start.scale == Approx(std::sqrt(2.0 / (3 * 2 * 2))));
}

TEST_CASE("convolution: counts two operations a weight and position") {
  const t::lone_layer layer("conv 6 kernel=3 groups=2 no-bias", {{5, 4, 4}});

  CHECK(layer.function().flops() == 2.0 * 6 * 9 * 2 * 3 * 2);
}

#include <catch2/catch.hpp>
#include <fmt/format.h>

#include "tests/support/layer_reference.hpp"
#include "tests/support/lone_layer.hpp"

namespace k = sounder::kernels;
namespace t = sounder::tests;

namespace {

using k::shape;

struct convolution_case {
  std::string line;
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

/// Filters and channels that fill vectors of 4, 8 and 16 numbers, one or more
/// of them, exactly or not.
void add_wide_cases(std::vector<convolution_case>& all) {
  struct width {
    std::size_t filters;
    std::size_t channels;
    std::size_t groups = 1;
  };
  const convolution_case forms[] = {
      {"", {3, 5}, {3, 5}, {}},
      {"stride=2", {5, 7}, {3, 4}, {1, 1, 2}},
      {"kernel=3 same", {4, 7}, {4, 7}, {3, 3, 1, 1, 1}},
      {"kernel=3 stride=2 pad=1", {5, 9}, {3, 5}, {3, 3, 2, 1, 1}},
      {"kernel=2x3", {3, 15}, {2, 13}, {2, 3}},
  };
  for (const width& w :
       {width{8, 33}, width{16, 17}, width{17, 16}, width{33, 8}, width{64, 3},
        width{8, 8, 2}, width{16, 12, 4}, width{17, 17, 17}, width{33, 51, 3},
        width{64, 32, 2}}) {
    for (convolution_case c : forms) {
      c.line = fmt::format("conv {} groups={} {}", w.filters, w.groups, c.line);
      c.in.channels = w.channels;
      c.out.channels = w.filters;
      c.groups = w.groups;
      all.push_back(c);
    }
  }
}

std::vector<convolution_case> all_cases() {
  std::vector<convolution_case> all = cases;
  add_wide_cases(all);
  return all;
}

constexpr double rounding = 1e-5;  // of sums of 600 products at most

}  // namespace

TEST_CASE("convolution: agrees with the reference") {
  for (const convolution_case& c : all_cases()) {
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
    CHECK(layer.is_tidy);
  }
}

TEST_CASE("convolution: slopes by the input agree with the reference") {
  for (const convolution_case& c : all_cases()) {
    CAPTURE(c.line);
    t::lone_layer layer(c.line, {c.in}, 3);

    layer.train();

    const auto expected =
        t::for_samples(layer.d_out, c.out.size(), [&](auto d_out) {
          return t::convolve_back(c.in, c.out, c.window, c.groups,
                                  layer.weights, d_out);
        });
    CHECK(t::relative_gap(layer.d_in[0], expected) < rounding);
    CHECK(layer.is_tidy);
  }
}

TEST_CASE("convolution: slopes by the weights agree with the reference") {
  constexpr double long_sums = 1e-4;  // of 4800 products at most
  for (const convolution_case& c : all_cases()) {
    CAPTURE(c.line);
    constexpr std::size_t batch = 3;
    t::lone_layer layer(c.line, {c.in}, batch);
    const std::span<const float> in = layer.in[0];
    const std::span<const float> d_out = layer.d_out;

    layer.train();

    t::doubles expected(layer.weights.size());
    for (std::size_t b = 0; b < batch; ++b) {
      t::add_filter_slopes(c.in, c.out, c.window, c.groups,
                           in.subspan(b * c.in.size(), c.in.size()),
                           d_out.subspan(b * c.out.size(), c.out.size()),
                           expected);
    }
    for (std::size_t j = 0; c.has_bias && j < d_out.size(); ++j) {
      expected[expected.size() - c.out.channels + j % c.out.channels] +=
          static_cast<double>(d_out[j]);
    }
    CHECK(t::relative_gap(layer.d_weights, expected) < long_sums);
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

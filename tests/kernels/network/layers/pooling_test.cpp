#include <limits>
#include <numeric>

#include <catch2/catch.hpp>
#include <fmt/format.h>

#include "tests/support/layer_reference.hpp"
#include "tests/support/lone_layer.hpp"

namespace k = sounder::kernels;
namespace t = sounder::tests;

namespace {

using k::shape;

struct pooling_case {
  const char* options;
  shape in;
  shape out;
  t::window_form window;
};

// Shapes as torch.nn.MaxPool2d has them, ceil_mode for ceil.
const std::vector<pooling_case> cases = {
    {"2", {4, 6, 3}, {2, 3, 3}, {2, 2, 2}},
    {"2", {5, 7, 3}, {2, 3, 3}, {2, 2, 2}},
    {"2 ceil", {5, 7, 3}, {3, 4, 3}, {2, 2, 2}},
    {"3 stride=2", {7, 8, 2}, {3, 3, 2}, {3, 3, 2}},
    {"3 stride=2 ceil", {7, 8, 2}, {3, 4, 2}, {3, 3, 2}},
    {"3 stride=2 pad=1", {7, 8, 2}, {4, 4, 2}, {3, 3, 2, 1, 1}},
    {"3 stride=1 pad=1", {4, 5, 2}, {4, 5, 2}, {3, 3, 1, 1, 1}},
    {"2 stride=3", {8, 7, 1}, {3, 2, 1}, {2, 2, 3}},
    // The last window that rounding up allows would begin in the padding.
    {"2 stride=2 pad=1 ceil", {5, 5, 1}, {3, 3, 1}, {2, 2, 2, 1, 1}},
    {"15", {15, 16, 2}, {1, 1, 2}, {15, 15, 15}},
};

constexpr double rounding = 1e-5;  // of sums of 400 values at most

t::doubles expected(const pooling_case& c, t::pool_form form,
                    const t::floats& in) {
  return t::for_samples(in, c.in.size(), [&](auto image) {
    return t::pool(c.in, c.out, c.window, form, image);
  });
}

}  // namespace

TEST_CASE("max-pool: agrees with the reference") {
  for (const pooling_case& c : cases) {
    CAPTURE(c.options, k::to_text(c.in));
    t::lone_layer layer("max-pool " + std::string(c.options), {c.in}, 3);

    layer.forward();

    REQUIRE(layer.output() == c.out);
    CHECK(t::relative_gap(layer.out, expected(c, t::pool_form::greatest,
                                              layer.in[0])) == 0.0);
  }
}

TEST_CASE("average-pool: agrees with the reference") {
  std::vector<pooling_case> all = cases;
  all.push_back({"20 stride=3", {27, 22, 2}, {3, 1, 2}, {20, 20, 3}});
  for (const pooling_case& c : all) {
    CAPTURE(c.options, k::to_text(c.in));
    const std::string line = "average-pool " + std::string(c.options);
    t::lone_layer seen(line, {c.in}, 3);
    t::lone_layer whole(line + " whole", {c.in}, 3);

    seen.forward();
    whole.forward();

    REQUIRE(seen.output() == c.out);
    CHECK(t::relative_gap(seen.out, expected(c, t::pool_form::mean,
                                             seen.in[0])) < rounding);
    CHECK(t::relative_gap(whole.out, expected(c, t::pool_form::mean_of_whole,
                                              whole.in[0])) < rounding);
  }
}

// The mean of ones is 1 unless there are none.
TEST_CASE("pools: no window is wholly outside the image") {
  const int kernel = GENERATE(range(1, 5));
  const int pad = GENERATE(0, 1, 2);
  const int stride = GENERATE(range(1, 7));
  const int room = GENERATE(range(0, 6));
  const char* const rounding_up = GENERATE("", "ceil");
  if (2 * pad > kernel) {
    return;  // refused
  }
  const auto size = static_cast<std::size_t>(kernel + room);
  t::lone_layer layer(fmt::format("average-pool {} pad={} stride={} {}", kernel,
                                  pad, stride, rounding_up),
                      {{size, size, 1}});
  layer.in[0] = t::floats(size * size, 1.0F);

  layer.forward();

  CAPTURE(kernel, pad, stride, size, rounding_up);
  CHECK(std::all_of(layer.out.begin(), layer.out.end(),
                    [](float mean) { return mean == Approx(1.0); }));
}

TEST_CASE("global pools: agree with a window of the whole image") {
  const shape in = {5, 5, 4};
  const pooling_case whole = {"", in, {1, 1, 4}, {5, 5, 5}};
  t::lone_layer mean("global-average-pool", {in}, 3);
  t::lone_layer most("global-max-pool", {in}, 3);

  mean.forward();
  most.forward();

  CHECK(t::relative_gap(mean.out, expected(whole, t::pool_form::mean,
                                           mean.in[0])) < rounding);
  CHECK(t::relative_gap(most.out, expected(whole, t::pool_form::greatest,
                                           most.in[0])) == 0.0);
}

TEST_CASE("max-pool: of equal values the first in reading order gets all") {
  for (const char* line : {"max-pool 2", "global-max-pool"}) {
    CAPTURE(line);
    t::lone_layer layer(line, {{2, 2, 1}});
    layer.in[0] = {1, 3, 3, 3};
    layer.d_out = {5};

    layer.train();

    CHECK(layer.d_in[0] == t::floats{0, 5, 0, 0});
  }
}

TEST_CASE("max-pool: a value that is no number wins wherever it is") {
  for (const char* line : {"max-pool 2", "global-max-pool"}) {
    for (std::size_t place = 0; place < 4; ++place) {
      CAPTURE(line, place);
      t::lone_layer layer(line, {{2, 2, 1}});
      layer.in[0] = {1, 2, 3, 4};
      layer.in[0][place] = std::numeric_limits<float>::quiet_NaN();
      layer.d_out = {5};

      layer.train();

      CHECK(std::isnan(layer.out[0]));
      CHECK(layer.d_in[0][place] == 5.0F);
    }
  }
}

// The windows begin in the padding, at (-1, -1), (-1, 1), (1, -1), (1, 1).
TEST_CASE("max-pool: windows of the least values pick within the image") {
  t::lone_layer layer("max-pool 3 stride=2 pad=1", {{3, 3, 1}});
  layer.in[0] = t::floats(9, -std::numeric_limits<float>::infinity());
  layer.d_out = {1, 2, 3, 4};

  layer.train();

  CHECK(layer.out == t::floats(4, layer.in[0][0]));
  CHECK(layer.d_in[0] == t::floats{1, 2, 0, 3, 4, 0, 0, 0, 0});
}

TEST_CASE("max-pool: what is no number sends no slope out of the image") {
  for (const char* options :
       {"3 stride=2 pad=1", "2 pad=1 ceil", "4 stride=1 pad=2", "2 stride=3"}) {
    for (const float value : {-std::numeric_limits<float>::infinity(),
                              std::numeric_limits<float>::quiet_NaN()}) {
      CAPTURE(options, value);
      t::lone_layer layer("max-pool " + std::string(options), {{5, 4, 3}}, 2);
      layer.in[0] = t::floats(layer.in[0].size(), value);
      layer.d_out = t::floats(layer.d_out.size(), 1.0F);

      layer.train();

      const t::floats& d_in = layer.d_in[0];
      const auto half = d_in.begin() + std::ssize(d_in) / 2;
      const auto each = static_cast<float>(layer.output().size());
      CHECK(std::accumulate(d_in.begin(), half, 0.0F) == each);
      CHECK(std::accumulate(half, d_in.end(), 0.0F) == each);
    }
  }
}

// Networks as they are put together.

#include "kernels/network/network.hpp"

#include <catch2/catch.hpp>

#include "tests/support/plain_walk.hpp"

namespace k = sounder::kernels;
namespace t = sounder::tests;

namespace {

std::string problem_of(const std::string& text,
                       k::network_options options = {}) {
  try {
    t::network_of(text, options);
  } catch (const k::layer_error& error) {
    return error.what();
  }
  return "none";
}

using Catch::Matchers::Contains;
using Catch::Matchers::StartsWith;

struct sample_moments {
  double mean = 0.0;
  double variance = 0.0;
};

sample_moments moments_of(std::span<const float> values) {
  sample_moments m;
  const auto n = static_cast<double>(values.size());
  for (const float x : values) {
    m.mean += static_cast<double>(x) / n;
  }
  for (const float x : values) {
    const double off = static_cast<double>(x) - m.mean;
    m.variance += off * off / n;
  }
  return m;
}

const char* const with_norms =
    "image = input 6x6x2\nc = conv 4 kernel=3 no-bias\nn = batch-norm\nrelu\n"
    "d = dense 5\nm = batch-norm\nrelu\ne = dense 3\n";

}  // namespace

TEST_CASE("network: weights of all layers come first, then statistics") {
  const auto net = t::network_of(with_norms);

  const auto arrays = net.arrays();

  std::vector<std::string> names;
  std::size_t next = 0;
  for (const k::named_array& array : arrays) {
    names.push_back(array.name);
    CHECK(array.first == next);
    std::size_t count = 1;
    for (const std::size_t n : array.sizes) {
      count *= n;
    }
    CHECK(array.count == count);
    next += count;
  }
  CHECK(names == std::vector<std::string>{"c.weight", "n.weight", "n.bias",
                                          "d.weight", "d.bias", "m.weight",
                                          "m.bias", "e.weight", "e.bias",
                                          "n.running_mean", "n.running_var",
                                          "m.running_mean", "m.running_var"});
  CHECK(next == net.dimension());
  CHECK(net.trainable() == net.dimension() - 4 - 4 - 5 - 5);
  CHECK(arrays[3].sizes == std::vector<std::size_t>{5, 4, 4, 4});
}

TEST_CASE("network: blocks are the trained arrays") {
  const auto net = t::network_of(with_norms);

  const auto blocks = net.blocks();

  REQUIRE(blocks.size() == 9);
  std::size_t next = 0;
  for (const k::parameter_block& block : blocks) {
    CHECK(block.first == next);
    CHECK(block.stride == 1);
    next += block.count;
  }
  CHECK(next == net.trainable());
}

TEST_CASE("network: what follows from its layers is told") {
  const auto plain = t::network_of("input 4\ndense 3\n");
  const auto normed = t::network_of(with_norms);

  CHECK(plain.least_batch() == 1);
  CHECK(normed.least_batch() == 2);
  CHECK(plain.flops() == 2.0 * 4 * 3 + 3);
  CHECK(plain.outputs() == 3);
  CHECK(plain.input().output() == k::shape{1, 1, 4});
}

TEST_CASE("network: activations work in place where nobody is disturbed") {
  const auto net = t::network_of(
      "input 4\n"
      "a = dense 4\n"
      "b = relu\n"         // a is read by nobody else, needed by nobody
      "c = bias\n"         // backward, b reads its output
      "d = relu\n"         // c has done with its output
      "e = dense 4\n"      // no such layer
      "f = relu from a\n"  // a: read by b and f
      "add from e, f\n");

  const auto is_in_place = [&](std::size_t k) {
    return net.layers()[k].in_place;
  };
  CHECK_FALSE(is_in_place(2));
  CHECK_FALSE(is_in_place(3));
  CHECK(is_in_place(4));
  CHECK_FALSE(is_in_place(5));
  CHECK_FALSE(is_in_place(6));
}

TEST_CASE("network: layers in place take no memory") {
  const auto bare = t::network_of("input 400\ndense 500\ndense 2\n");
  const auto with = t::network_of("input 400\ndense 500\nrelu\ndense 2\n");
  const auto twice =
      t::network_of("input 400\na = dense 500\nb = relu\nc = relu\ndense 2\n");

  CHECK(with.step_memory(10) == bare.step_memory(10));
  CHECK(twice.step_memory(10) > bare.step_memory(10));
}

TEST_CASE("network: the same seed makes the same start") {
  const auto net = t::network_of(with_norms);

  CHECK(t::start_of(net, 4) == t::start_of(net, 4));
  CHECK(t::start_of(net, 4) != t::start_of(net, 5));
}

TEST_CASE("network: starts have the moments that layers ask for") {
  constexpr double n = 200 * 300;
  const auto net = t::network_of(
      "input 300\nhe = dense 200\ntanh\nxavier = dense 300 start=xavier\ntanh\n"
      "own = dense 200 start=normal:0.3\nlstm 100\nlast\ndense 2\n");
  const t::floats weights = t::start_of(net);
  const auto moments = [&](const std::string& name) {
    const auto arrays = net.arrays();
    const auto found =
        std::find_if(arrays.begin(), arrays.end(),
                     [&](const auto& array) { return array.name == name; });
    return moments_of(
        std::span<const float>(weights).subspan(found->first, found->count));
  };

  // Six standard deviations: of a mean of n, and of a variance, which has
  // variance (kurtosis - 1) variance^2 / n; kurtosis 3 for normal values, 9/5
  // for uniform ones. Exceeded with probability 2e-9 each.
  const auto check = [](const sample_moments& m, double count, double variance,
                        double kurtosis) {
    CHECK(std::abs(m.mean) < 6 * std::sqrt(variance / count));
    CHECK(std::abs(m.variance - variance) <
          6 * variance * std::sqrt((kurtosis - 1.0) / count));
  };
  check(moments("he.weight"), n, 2.0 / 300, 3.0);
  check(moments("xavier.weight"), n, 6.0 / 500 / 3, 1.8);
  check(moments("own.weight"), n, 0.09, 3.0);
  check(moments("lstm1.weight_hh_l0"), 4 * 100 * 100, 0.01 / 3, 1.8);
  CHECK(moments("he.bias").variance == 0.0);
}

TEST_CASE("network: arrays of one size start differently") {
  const auto net = t::network_of("input 9\ndense 9\ntanh\ndense 9\n");
  const t::floats weights = t::start_of(net);

  const auto arrays = net.arrays();

  REQUIRE(arrays[0].count == arrays[2].count);
  CHECK(!std::equal(
      weights.begin(), weights.begin() + static_cast<std::ptrdiff_t>(81),
      weights.begin() + static_cast<std::ptrdiff_t>(arrays[2].first)));
}

TEST_CASE("network: statistics start as those of the standard normal") {
  const auto net = t::network_of("input 2\nbatch-norm\n");

  CHECK(t::start_of(net) == t::floats{1, 1, 0, 0, 0, 0, 1, 1});
}

TEST_CASE("network: a description makes the same network") {
  const auto net = t::network_of(with_norms, {1e-4, 0.1});

  const auto made = k::make_described_network(net.describe());

  REQUIRE(made != nullptr);
  CHECK(made->describe() == net.describe());
  CHECK(made->lines() == net.lines());
  CHECK(made->dimension() == net.dimension());
  const t::floats weights(net.dimension(), 1.0F);
  CHECK(made->penalty(weights.data()) == net.penalty(weights.data()));
}

TEST_CASE("network: descriptions of other things make none") {
  for (const char* text :
       {"", "network", "network 0 0", "network 0\ninput 2\n",
        "network x 0\ninput 2\n", "linear 0 0\ninput 2\n", "network \n"}) {
    CAPTURE(text);
    CHECK(k::make_described_network(text) == nullptr);
  }
}

TEST_CASE("network: errors name the layer") {
  struct bad_text {
    const char* text;
    const char* what;
  };
  for (const auto& c : {
           bad_text{"a = dense 3\n", "a: the first line must be an input"},
           {"a = input 3\n", "none"},
           {"a = input 3\nb = input 3\n", "b: there is no kind of layer"},
           {"input 4x4x1\na = conv 3\n", "a: the last layer must give"},
           {"input 4\na = dense 1\n", "a: the last layer must give"},
           {"input 4\na = dense 3\nb = dense 3 from input1\n",
            "a: no layer uses its output"},
           {"a = input 4\nb = dense 3\nc = relu from b\nd = dense 2 from b\n",
            "c: no layer uses its output"},
           {"a = input 4\nb = dense 3\nc = add from a, b\n",
            "c: inputs of 1x1x4 and 1x1x3"},
           {"input 4x4x1\na = conv 3 kernel=5\n", "a: a kernel of 5x5"},
       }) {
    CAPTURE(c.text);
    CHECK_THAT(problem_of(c.text), StartsWith(c.what));
  }
}

TEST_CASE("network: lines that name no layer before them are refused") {
  std::vector<k::layer_line> lines = {{"a", "input", {"4"}, {}, {}},
                                      {"b", "relu", {}, {}, {"c"}}};

  CHECK_THROWS_AS(k::network(lines), k::layer_error);
  CHECK_THROWS_AS(k::network({}), k::layer_error);
}

TEST_CASE("network: options out of range are refused") {
  const char* const text = "input 4\ndense 3\n";

  CHECK_THAT(problem_of(text, {-1.0, 0.0}), Contains("l2"));
  CHECK_THAT(problem_of(text, {HUGE_VAL, 0.0}), Contains("l2"));
  CHECK_THAT(problem_of(text, {0.0, 1.0}), Contains("smoothing"));
  CHECK_THAT(problem_of(text, {0.0, -0.1}), Contains("smoothing"));
}

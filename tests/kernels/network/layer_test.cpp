// What every layer has to do right: one table of tests runs over all kinds.

#include "kernels/network/layer.hpp"

#include <set>

#include <catch2/catch.hpp>

#include "tests/support/gradient_check.hpp"
#include "tests/support/lone_layer.hpp"

namespace k = sounder::kernels;
namespace t = sounder::tests;

namespace {

using k::shape;
using target = t::lone_layer::target;

struct layer_case {
  const char* line;
  std::vector<shape> inputs;
  std::size_t batch = 2;
  bool has_kinks = false;  // needs values well apart from each other and 0
};

const shape image = {5, 4, 6};
const shape sequence = {4, 1, 3};

const std::vector<layer_case> cases = {
    {"dense 3", {{1, 1, 5}}, 4},
    {"dense 3 no-bias", {image}, 2},
    {"bias", {image}},
    {"relu", {image}, 2, true},
    {"sigmoid", {image}},
    {"tanh", {image}},
    {"conv 4", {image}},
    {"conv 4 no-bias stride=2", {image}},
    {"conv 4 kernel=3", {image}},
    {"conv 4 kernel=3 same", {image}},
    {"conv 2 kernel=3 stride=2 pad=1", {image}},
    {"conv 2 kernel=3 stride=2 pad=2", {{6, 7, 1}}},
    {"conv 2 kernel=2 stride=3", {{7, 8, 3}}},
    {"conv 4 kernel=3x2", {image}},
    {"conv 4 kernel=1x3 same", {image}},
    {"conv 6 kernel=3 groups=3 pad=1", {image}},
    {"conv 4 groups=2", {image}},
    {"conv 6 kernel=2 groups=6", {image}},
    {"conv 3 pad=1", {{2, 3, 2}}},
    {"conv 3 kernel=5x4 no-bias", {image}},
    {"max-pool 2", {image}, 2, true},
    {"max-pool 3 stride=2", {image}, 2, true},
    {"max-pool 3 stride=2 pad=1", {image}, 2, true},
    {"max-pool 2 ceil", {image}, 2, true},
    {"max-pool 3 stride=1 pad=1 ceil", {image}, 2, true},
    {"max-pool 2 stride=3", {{7, 7, 2}}, 2, true},
    {"average-pool 2", {image}},
    {"average-pool 3 stride=2", {image}},
    {"average-pool 3 stride=2 pad=1", {image}},
    {"average-pool 3 stride=2 pad=1 whole", {image}},
    {"average-pool 2 ceil", {image}},
    {"average-pool 3 stride=1 pad=1 ceil whole", {image}},
    {"global-average-pool", {image}},
    {"global-max-pool", {image}, 2, true},
    {"batch-norm", {{3, 3, 4}}, 3},
    {"batch-norm momentum=0.3 epsilon=0.1", {{1, 1, 5}}, 12},
    {"response-norm 5 alpha=0.5", {{2, 2, 8}}},
    {"response-norm 5", {{2, 2, 8}}},
    {"response-norm 4 alpha=0.5 k=2 across", {{2, 2, 7}}},
    {"response-norm 3 alpha=0.5 beta=0.6", {{2, 2, 7}}},
    {"response-norm 9 alpha=0.5", {{2, 2, 3}}},
    {"response-norm 1 alpha=0.5", {{2, 2, 3}}},
    {"response-norm 3 alpha=0.5 within", {image}},
    {"response-norm 5 alpha=0.5 beta=1 within", {{3, 6, 2}}},
    {"response-norm 7 alpha=0.5 k=2 within", {{3, 2, 2}}},
    {"dropout", {image}},
    {"dropout rate=0.3", {{1, 1, 70}}, 3},
    {"dropout rate=0", {image}},
    {"lstm 3", {sequence}, 3},
    {"lstm 5", {{1, 1, 4}}, 2},
    {"lstm 2", {{6, 1, 1}}, 1},
    {"concat", {image, {5, 4, 1}, {5, 4, 2}}},
    {"add", {image, image}},
    {"add", {image, image, image}},
    {"flatten", {image}},
    {"rows", {image}},
    {"last", {sequence}},
};

t::lone_layer made(const layer_case& c) {
  t::lone_layer layer(c.line, c.inputs, c.batch);
  for (std::size_t i = 0; c.has_kinks && i < layer.in.size(); ++i) {
    layer.in[i] = t::distinct_floats(layer.in[i].size(), i);
  }
  return layer;
}

std::string name_of(const layer_case& c) {
  return std::string(c.line) + " of " + k::to_text(c.inputs[0]);
}

/// The terms of sum(out * d_out), whose gradient backward() finds.
t::term_function loss_of(t::lone_layer& layer) {
  return [&layer] {
    layer.forward();
    std::vector<double> terms;
    for (std::size_t j = 0; j < layer.out.size(); ++j) {
      terms.push_back(static_cast<double>(layer.out[j]) *
                      static_cast<double>(layer.d_out[j]));
    }
    return terms;
  };
}

}  // namespace

TEST_CASE("layer: the table of tests has every kind") {
  std::set<std::string> tested;
  for (const layer_case& c : cases) {
    tested.insert(k::parse_layers(c.line, "test")[0].kind);
  }

  for (const k::layer_kind& kind : k::layer_kinds()) {
    CAPTURE(kind.name);
    CHECK((tested.contains(kind.name) || kind.name.starts_with("test-")));
  }
}

TEST_CASE("layer: backward finds the derivatives by the inputs") {
  for (const layer_case& c : cases) {
    CAPTURE(name_of(c));
    t::lone_layer layer = made(c);

    layer.train();

    CHECK(layer.is_tidy);
    const std::vector<t::floats> d_in = layer.d_in;
    for (std::size_t i = 0; i < layer.in.size(); ++i) {
      const auto fit = t::check_gradient(layer.in[i], d_in[i], loss_of(layer));
      CAPTURE(i, fit.worst, fit.at, fit.sharpness);
      CHECK(fit.is_good());
    }
  }
}

TEST_CASE("layer: backward finds the derivatives by the weights") {
  for (const layer_case& c : cases) {
    t::lone_layer layer = made(c);
    if (layer.weights.empty()) {
      continue;
    }
    CAPTURE(name_of(c));

    layer.train();

    const t::floats d_weights = layer.d_weights;
    const auto fit =
        t::check_gradient(layer.weights, d_weights, loss_of(layer));
    CAPTURE(fit.worst, fit.at, fit.sharpness);
    CHECK(fit.is_good());
  }
}

TEST_CASE("layer: backward adds to what is there where it is told to") {
  constexpr double rounding = 1e-5;  // of sums of numbers below 10
  for (const layer_case& c : cases) {
    CAPTURE(name_of(c));
    t::lone_layer layer = made(c);
    std::vector<t::floats> before;
    for (std::size_t i = 0; i < layer.in.size(); ++i) {
      before.push_back(t::random_floats(layer.in[i].size(), 50 + i));
    }

    layer.train();
    const std::vector<t::floats> set = layer.d_in;
    layer.train(target::add, before);

    for (std::size_t i = 0; i < layer.in.size(); ++i) {
      std::vector<double> sum;
      for (std::size_t j = 0; j < set[i].size(); ++j) {
        sum.push_back(static_cast<double>(before[i][j]) +
                      static_cast<double>(set[i][j]));
      }
      CHECK(t::relative_gap(layer.d_in[i], sum) < rounding);
    }
    CHECK(layer.is_tidy);
  }
}

TEST_CASE("layer: weights get their derivatives when no input wants any") {
  for (const layer_case& c : cases) {
    CAPTURE(name_of(c));
    t::lone_layer layer = made(c);

    layer.train();
    const t::floats d_weights = layer.d_weights;
    const t::floats d_statistics = layer.d_statistics;
    layer.train(target::nobody);

    CHECK(layer.d_weights == d_weights);
    CHECK(layer.d_statistics == d_statistics);
    CHECK(layer.is_tidy);
  }
}

TEST_CASE("layer: working in place changes nothing") {
  for (const layer_case& c : cases) {
    t::lone_layer layer = made(c);
    if (!layer.function().works_in_place()) {
      continue;
    }
    CAPTURE(name_of(c));

    layer.train();
    const t::floats out = layer.out;
    const std::vector<t::floats> d_in = layer.d_in;
    const t::floats d_weights = layer.d_weights;
    layer.train_in_place();

    CHECK(layer.out == out);
    CHECK(layer.d_in == d_in);
    CHECK(layer.d_weights == d_weights);
  }
}

TEST_CASE("layer: evaluation gives the same again") {
  constexpr double rounding = 1e-6;  // memory begins elsewhere
  for (const layer_case& c : cases) {
    t::lone_layer layer = made(c);
    CAPTURE(name_of(c));

    const t::floats first = layer.forward(false);
    const t::floats again = layer.forward(false);

    const std::vector<double> expected(first.begin(), first.end());
    CHECK(t::relative_gap(again, expected) < rounding);
    CHECK(std::none_of(first.begin(), first.end(),
                       [](float x) { return std::isnan(x); }));
    CHECK(layer.is_tidy);
  }
}

TEST_CASE("layer: a sample's output hangs on the others with batch norm only") {
  constexpr double rounding = 1e-5;  // products of other sizes, other orders
  for (const layer_case& c : cases) {
    CAPTURE(name_of(c));
    t::lone_layer all = made(c);
    t::lone_layer one(c.line, c.inputs);
    for (std::size_t i = 0; i < all.in.size(); ++i) {
      one.in[i].assign(
          all.in[i].end() - static_cast<std::ptrdiff_t>(one.in[i].size()),
          all.in[i].end());
    }
    one.rows = {all.rows.back()};
    const bool is_training =
        std::string(c.line).find("batch-norm") == std::string::npos;

    all.forward(is_training);
    one.forward(is_training);

    const std::vector<double> last(
        all.out.end() - static_cast<std::ptrdiff_t>(one.out.size()),
        all.out.end());
    CHECK(t::relative_gap(one.out, last) < rounding);
  }
}

TEST_CASE("layer: starts by name have the deviations of their papers") {
  const auto he = k::start_by_name("he", 8, 5);
  const auto xavier = k::start_by_name("xavier", 10, 14);
  const auto normal = k::start_by_name("normal:0.25", 1, 1);
  const auto uniform = k::start_by_name("uniform:3", 1, 1);

  using kind = k::start_values::kind;
  CHECK((he.distribution == kind::normal && he.scale == 0.5F));
  CHECK((xavier.distribution == kind::uniform && xavier.scale == 0.5F));
  CHECK((normal.distribution == kind::normal && normal.scale == 0.25F));
  CHECK((uniform.distribution == kind::uniform && uniform.scale == 3.0F));
}

TEST_CASE("layer: starts that are none are refused") {
  for (const char* text : {"", "hey", "normal", "normal:", "normal:x",
                           "normal:-1", "uniform:inf", "uniform:1x", "he:1"}) {
    CAPTURE(text);
    CHECK_THROWS_AS(k::start_by_name(text, 1, 1), std::invalid_argument);
  }
}

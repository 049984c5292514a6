#include <catch2/catch.hpp>

#include "tests/support/layer_reference.hpp"
#include "tests/support/lone_layer.hpp"

namespace k = sounder::kernels;
namespace t = sounder::tests;

namespace {

struct response_case {
  const char* line;
  k::shape in;
  t::response_form form;
};

const std::vector<response_case> cases = {
    {"response-norm 5", {3, 4, 9}, {}},
    {"response-norm 5 alpha=2", {3, 4, 9}, {5, 2.0}},
    {"response-norm 5 alpha=2 across", {3, 4, 9}, {5, 2.0}},
    {"response-norm 4 alpha=2 k=2", {2, 2, 9}, {4, 2.0, 0.75, 2.0}},
    {"response-norm 2 alpha=2 beta=0.5", {2, 2, 9}, {2, 2.0, 0.5}},
    {"response-norm 1 alpha=2 beta=1", {2, 2, 3}, {1, 2.0, 1.0}},
    {"response-norm 11 alpha=2", {2, 2, 3}, {11, 2.0}},
    {"response-norm 3 alpha=2 within", {5, 4, 3}, {3, 2.0, 0.75, 1.0, true}},
    {"response-norm 5 alpha=2 beta=0.6 k=3 within",
     {6, 7, 2},
     {5, 2.0, 0.6, 3.0, true}},
    {"response-norm 9 alpha=2 within", {2, 3, 2}, {9, 2.0, 0.75, 1.0, true}},
};

constexpr double rounding = 1e-5;  // of powers of sums of 81 squares at most

}  // namespace

TEST_CASE("response-norm: agrees with the reference") {
  for (const response_case& c : cases) {
    CAPTURE(c.line);
    t::lone_layer layer(c.line, {c.in}, 3);

    layer.forward();

    const auto expected = t::for_samples(
        layer.in[0], c.in.size(),
        [&](auto image) { return t::respond(c.in, c.form, image); });
    CHECK(t::relative_gap(layer.out, expected) < rounding);
  }
}

TEST_CASE("response-norm: an even window has one more channel before") {
  t::lone_layer layer("response-norm 2 alpha=2 beta=1", {{1, 1, 3}});
  layer.in[0] = {1, 2, 3};

  layer.forward();

  CHECK(layer.out[0] == Approx(1.0 / (1.0 + 1.0)));
  CHECK(layer.out[1] == Approx(2.0 / (1.0 + 1.0 + 4.0)));
  CHECK(layer.out[2] == Approx(3.0 / (1.0 + 4.0 + 9.0)));
}

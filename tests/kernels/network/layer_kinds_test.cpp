#include "kernels/network/layer_kinds.hpp"

#include <algorithm>

#include <catch2/catch.hpp>

namespace k = sounder::kernels;

namespace {

using k::shape;

const shape image = {5, 4, 6};

std::string problem_of(const std::string& text,
                       const std::vector<shape>& inputs) {
  k::layer_line line = k::parse_layers(text, "test")[0];
  line.name = "here";
  try {
    k::make_layer(line, inputs);
  } catch (const k::layer_error& error) {
    return error.what();
  }
  return "none";
}

using Catch::Matchers::Contains;
using Catch::Matchers::StartsWith;

}  // namespace

TEST_CASE("layer kinds: errors name the layer and what is wrong") {
  struct bad_line {
    const char* line;
    std::vector<shape> inputs;
    const char* what;
  };
  const std::vector<bad_line> lines = {
      {"convolute 3", {image}, "no kind of layer 'convolute'; known: conv, "},
      {"relu", {image, image}, "relu takes 1 input, not 2"},
      {"add", {image}, "add takes 2 inputs or more, not 1"},
      {"concat", {}, "concat takes 2 inputs or more, not 0"},
      // What is missing, too much or no number.
      {"dense", {image}, "the number of outputs is missing"},
      {"dense 3 4", {image}, "'4' is one value too many"},
      {"dense 0",
       {image},
       "the number of outputs is '0'; it must be a whole number from 1 on"},
      {"dense 3x", {image}, "the number of outputs is '3x'"},
      {"dense 99999999999", {image}, "'99999999999'"},
      {"dense 3 bias", {image}, "dense has no option 'bias', it has "},
      {"dense 3 no-bias=1", {image}, "no-bias takes no value"},
      {"dense 3 start=none", {image}, "start 'none' is none of he, "},
      {"relu slope=1", {image}, "relu takes no options, but 'slope'"},
      {"relu 3", {image}, "'3' is one value too many"},
      // Slips.
      {"conv2d 3", {image}, "; did you mean conv?"},
      {"maxpool 2", {image}, "; did you mean max-pool?"},
      {"conv 4 kernl=3", {image}, "; did you mean kernel?"},
      {"dense 3 start=xavir", {image}, "; did you mean xavier?"},
      {"dense 3 start=norml:0.1", {image}, "; did you mean normal?"},
      // Convolution.
      {"conv", {image}, "the number of filters is missing"},
      {"conv 0", {image}, "the number of filters is '0'"},
      {"conv 4 kernel=6", {image}, "a kernel of 6x6 does not fit its input"},
      {"conv 4 kernel=1x5", {image}, "does not fit its input, 5x4x6"},
      {"conv 4 kernel=8 pad=1", {image}, "5x4x6 and padding"},
      {"conv 4 groups=4", {image}, "4 groups do not divide 6 channels into 4"},
      {"conv 4 groups=3", {image}, "3 groups do not divide 6 channels into 4"},
      {"conv 4 groups=0", {image}, "groups is '0'"},
      {"conv 4 stride=0", {image}, "stride is '0'"},
      {"conv 4 kernel=0", {image}, "the height of the kernel is '0'"},
      {"conv 4 kernel=3x0", {image}, "the width of the kernel is '0'"},
      {"conv 4 kernel=3x3x3", {image}, "the width of the kernel is '3x3'"},
      {"conv 4 kernel=x3", {image}, "the height of the kernel is ''"},
      {"conv 4 kernel", {image}, "''"},
      {"conv 4 pad=-1", {image}, "pad is '-1'"},
      {"conv 4 kernel=3 same pad=1", {image}, "same"},
      {"conv 4 kernel=2 same", {image}, "odd"},
      {"conv 4 kernel=3x2 same", {image}, "odd"},
      // Pools.
      {"max-pool", {image}, "the size of the window is missing"},
      {"max-pool 5", {image}, "a window of 5x5 does not fit its input"},
      {"max-pool 16", {{20, 20, 1}}, "15 x 15 positions at most"},
      {"average-pool 2 pad=2", {image}, "more than half the window"},
      {"max-pool 2 whole", {image}, "no option 'whole'"},
      {"global-max-pool 2", {image}, "one value too many"},
      // Joins.
      {"add", {image, {5, 4, 5}}, "5x4x6 and 5x4x5 cannot be added"},
      {"concat", {image, {4, 5, 6}}, "5x4x6 and 4x5x6 have no common"},
      // Sequences.
      {"last", {image}, "5x4x6 is no sequence of steps"},
      {"lstm 3", {image}, "5x4x6 is no sequence of steps"},
      {"lstm", {{5, 1, 4}}, "the number of hidden units is missing"},
      // Norms and dropout.
      {"batch-norm momentum=0", {image}, "the momentum must be in (0, 1]"},
      {"batch-norm momentum=1.5", {image}, "the momentum must be in (0, 1]"},
      {"batch-norm momentum=x", {image}, "momentum is 'x'"},
      {"batch-norm epsilon=0", {image}, "epsilon must be positive"},
      {"batch-norm epsilon=inf", {image}, "epsilon is 'inf'"},
      {"response-norm", {image}, "the size of the window is missing"},
      {"response-norm 5 across within", {image}, "not both"},
      {"response-norm 4 within", {image}, "must be odd"},
      {"response-norm 5 alpha=-1", {image}, "must not be negative"},
      {"response-norm 5 beta=-1", {image}, "must not be negative"},
      {"response-norm 5 k=0", {image}, "k must be positive"},
      {"dropout rate=1", {image}, "the rate must be in [0, 1)"},
      {"dropout rate=-0.1", {image}, "the rate must be in [0, 1)"},
      {"dropout rate=1e300", {image}, "the rate must be in [0, 1)"},
      {"dropout rate=0.999999", {image}, "rounds to 1"},
      {"dropout 0.5", {image}, "one value too many"},
  };
  for (const bad_line& c : lines) {
    CAPTURE(c.line);
    CHECK_THAT(problem_of(c.line, c.inputs),
               StartsWith("here: ") && Contains(c.what));
  }
}

TEST_CASE("layer kinds: every kind has a name of its own and says what it is") {
  std::vector<std::string> names;
  for (const k::layer_kind& kind : k::layer_kinds()) {
    CAPTURE(kind.name);
    CHECK(!kind.help.empty());
    CHECK(std::count(names.begin(), names.end(), kind.name) == 0);
    names.push_back(kind.name);
  }
}

TEST_CASE("layer kinds: a kind of one's own is made by its name") {
  /// out = 2 in
  class twice final : public k::layer {
   public:
    explicit twice(shape in) : in_(in) {}
    shape output() const noexcept override { return in_; }
    void forward(const k::layer_pass& pass) const override {
      for (std::size_t j = 0; j < pass.batch * in_.size(); ++j) {
        pass.out[j] = 2.0F * pass.in[0][j];
      }
    }
    void backward(const k::layer_pass&) const override {}

   private:
    shape in_;
  };
  k::layer_kind kind;
  kind.name = "test-twice";
  kind.help = "out = 2 in";
  kind.make = [](k::layer_words&, std::span<const shape> in) {
    return std::make_unique<twice>(in[0]);
  };

  k::add_layer_kind(kind);

  const std::vector<shape> inputs = {image};
  const auto made = k::make_layer({"x", "test-twice", {}, {}, {}}, inputs);
  CHECK(made->output() == image);
  CHECK_THROWS_AS(k::add_layer_kind(kind), std::invalid_argument);
}

#include <catch2/catch.hpp>

#include "tests/support/layer_reference.hpp"
#include "tests/support/lone_layer.hpp"

namespace k = sounder::kernels;
namespace t = sounder::tests;

namespace {

const k::shape image = {4, 5, 6};
constexpr std::size_t channels = 6;
constexpr double rounding = 1e-5;  // of moments of 60 values

std::span<const float> bias_of(const t::lone_layer& layer) {
  return std::span<const float>(layer.weights).subspan(channels);
}

/// The statistics after a step: s - d_statistics.
t::floats moved(const t::lone_layer& layer) {
  t::floats after = layer.statistics;
  for (std::size_t j = 0; j < after.size(); ++j) {
    after[j] -= layer.d_statistics[j];
  }
  return after;
}

}  // namespace

TEST_CASE("batch-norm: training agrees with the reference") {
  t::lone_layer layer("batch-norm epsilon=0.01", {image}, 3);

  layer.forward();

  const auto expected =
      t::normalise(layer.in[0], t::moments_of(layer.in[0], channels),
                   layer.weights, bias_of(layer), 0.01);
  CHECK(t::relative_gap(layer.out, expected) < rounding);
}

TEST_CASE("batch-norm: a mean far from 0 costs no digits") {
  // A value has a rounding of 1000 * 2^-24, that is 6e-5 of a deviation.
  constexpr double rounding_of_values = 2e-4;
  t::lone_layer layer("batch-norm", {image}, 3);
  for (float& x : layer.in[0]) {
    x += 1000.0F;
  }

  layer.forward();

  const auto expected =
      t::normalise(layer.in[0], t::moments_of(layer.in[0], channels),
                   layer.weights, bias_of(layer), 1e-5);
  CHECK(t::relative_gap(layer.out, expected) < rounding_of_values);
}

TEST_CASE("batch-norm: evaluation uses the running moments") {
  t::lone_layer layer("batch-norm", {image}, 3);
  const std::span<const float> statistics = layer.statistics;

  layer.forward(false);

  t::moments running;
  running.mean.assign(statistics.begin(), statistics.begin() + channels);
  running.variance.assign(statistics.begin() + channels, statistics.end());
  const auto expected =
      t::normalise(layer.in[0], running, layer.weights, bias_of(layer), 1e-5);
  CHECK(t::relative_gap(layer.out, expected) < rounding);
}

TEST_CASE("batch-norm: a step moves the running moments by the momentum") {
  constexpr double n = 60.0;
  t::lone_layer layer("batch-norm momentum=0.2", {image}, 3);

  layer.train();

  const auto batch = t::moments_of(layer.in[0], channels);
  t::doubles expected(layer.statistics.begin(), layer.statistics.end());
  for (std::size_t c = 0; c < channels; ++c) {
    expected[c] += 0.2 * (batch.mean[c] - expected[c]);
    expected[channels + c] +=
        0.2 * (batch.variance[c] * n / (n - 1.0) - expected[channels + c]);
  }
  CHECK(t::relative_gap(moved(layer), expected) < rounding);
}

TEST_CASE("batch-norm: running moments go to those of the data") {
  constexpr int steps = 200;  // 0.9^200 of the start is left: 7e-10
  t::lone_layer layer("batch-norm", {image}, 3);

  for (int step = 0; step < steps; ++step) {
    layer.train();
    layer.statistics = moved(layer);
  }

  const auto batch = t::moments_of(layer.in[0], channels);
  t::doubles expected = batch.mean;
  for (const double variance : batch.variance) {
    expected.push_back(variance * 60.0 / 59.0);
  }
  CHECK(t::relative_gap(layer.statistics, expected) < rounding);
}

TEST_CASE("batch-norm: a negative running variance counts as 0") {
  t::lone_layer layer("batch-norm epsilon=0.25", {{1, 1, 1}});
  layer.in[0] = {3.0F};
  layer.weights = {1.0F, 0.5F};
  layer.statistics = {1.0F, -7.0F};

  layer.forward(false);

  CHECK(layer.out[0] == 4.5F);  // (3 - 1) / sqrt(0.25) + 0.5
}

TEST_CASE("batch-norm: one value has no variance and leaves it as it was") {
  t::lone_layer layer("batch-norm momentum=0.5", {{1, 1, 2}}, 1);
  layer.in[0] = {3.0F, 5.0F};
  layer.statistics = {1.0F, 1.0F, 4.0F, 2.0F};

  layer.train();

  CHECK(moved(layer) == t::floats{2.0F, 3.0F, 4.0F, 2.0F});
}

TEST_CASE("batch-norm: begins as the standard normalisation") {
  const t::lone_layer layer("batch-norm", {image});

  const auto weights = layer.function().weights();
  const auto statistics = layer.function().statistics();

  REQUIRE((weights.size() == 2 && statistics.size() == 2));
  CHECK(weights[0].name == "weight");
  CHECK(weights[0].start.scale == 1.0F);
  CHECK(weights[1].name == "bias");
  CHECK(weights[1].start.scale == 0.0F);
  CHECK(statistics[0].name == "running_mean");
  CHECK(statistics[0].start.scale == 0.0F);
  CHECK(statistics[1].name == "running_var");
  CHECK(statistics[1].start.scale == 1.0F);
}

// What the weights of samples do to networks.

#include <catch2/catch.hpp>

#include "tests/support/plain_walk.hpp"

namespace k = sounder::kernels;
namespace t = sounder::tests;

namespace {

constexpr std::size_t rows = 12;

const char* const small = "input 6\ndense 5\ntanh\ndense 3\n";

k::dataset weighted() {
  std::vector<float> weights;
  for (std::size_t i = 0; i < rows; ++i) {
    weights.push_back(0.5F * static_cast<float>(i % 5));
  }
  return t::random_samples(rows, 6, 3).with_weights(std::move(weights));
}

}  // namespace

TEST_CASE("network: a sample's weight multiplies its loss and its gradient") {
  const k::network net = t::network_of(small, {.label_smoothing = 0.1});
  const k::dataset data = weighted();
  const k::dataset plain = data.with_weights({});
  const t::floats w = t::start_of(net);

  t::floats gradient(net.dimension());
  net.add_gradient(data, t::all_rows(data), w.data(), gradient);
  const double training = net.training_loss(data, t::all_rows(data), w.data());
  auto sums = net.evaluate(data, 0, 5, w.data());
  sums += net.evaluate(data, 5, rows, w.data());

  std::vector<double> expected(net.dimension());
  double training_sum = 0.0;
  double sum = 0.0;
  for (std::uint32_t i = 0; i < rows; ++i) {
    const std::vector<std::uint32_t> row = {i};
    const auto c = static_cast<double>(data.weights()[i]);
    t::floats own(net.dimension());
    net.add_gradient(plain, row, w.data(), own);
    for (std::size_t j = 0; j < own.size(); ++j) {
      expected[j] += c * static_cast<double>(own[j]) / rows;
    }
    training_sum += c * net.training_loss(plain, row, w.data());
    sum += c * net.evaluate(plain, i, i + 1, w.data()).loss;
  }
  // Sums of at most 12 terms below 10, each rounded some 20 times.
  constexpr double tolerance = 12 * 10 * 20.0 / (1U << 24U);
  for (std::size_t j = 0; j < expected.size(); ++j) {
    REQUIRE(static_cast<double>(gradient[j]) ==
            Approx(expected[j]).margin(tolerance));
  }
  REQUIRE(training == Approx(training_sum / rows).margin(tolerance));
  REQUIRE(sums.loss == Approx(sum).margin(tolerance));
  REQUIRE(sums.rows == rows);
  REQUIRE(sums.errors == net.evaluate(plain, 0, rows, w.data()).errors);
}

TEST_CASE("network: weights of 1 change no bit") {
  const k::network net = t::network_of(small);
  const k::dataset plain = t::random_samples(rows, 6, 3);
  const k::dataset ones = plain.with_weights(std::vector<float>(rows, 1.0F));
  const t::floats w = t::start_of(net);

  t::floats of_plain(net.dimension());
  net.add_gradient(plain, t::all_rows(plain), w.data(), of_plain);
  t::floats of_ones(net.dimension());
  net.add_gradient(ones, t::all_rows(ones), w.data(), of_ones);

  REQUIRE(of_ones == of_plain);
}

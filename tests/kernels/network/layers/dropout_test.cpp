#include <cmath>

#include <catch2/catch.hpp>

#include "tests/support/lone_layer.hpp"

namespace k = sounder::kernels;
namespace t = sounder::tests;

namespace {

t::lone_layer ones(const std::string& line, k::shape in,
                   std::size_t batch = 1) {
  t::lone_layer layer(line, {in}, batch);
  std::fill(layer.in[0].begin(), layer.in[0].end(), 1.0F);
  return layer;
}

std::size_t zeros(std::span<const float> values) {
  return static_cast<std::size_t>(
      std::count(values.begin(), values.end(), 0.0F));
}

/// Six standard deviations of a count: exceeded with probability 2e-9.
double six_sigma(double n, double p) { return 6 * std::sqrt(n * p * (1 - p)); }

}  // namespace

TEST_CASE("dropout: drops its share and scales what stays") {
  constexpr std::size_t n = 100001;
  for (const double rate : {0.0, 0.001, 0.1, 0.25, 0.5, 0.7, 0.75, 0.999}) {
    CAPTURE(rate);
    auto layer = ones("dropout rate=" + std::to_string(rate), {1, 1, n});
    const auto stays = 1.0 - rate;

    layer.forward();

    // The rate is rounded to 2^-16, which no count of n shows but by 2.
    const double dropped = static_cast<double>(zeros(layer.out));
    CHECK(std::abs(dropped - rate * n) <= six_sigma(n, rate) + 2.0);
    for (const float x : layer.out) {
      if (x != 0.0F &&
          static_cast<double>(x) != Approx(1.0 / stays).epsilon(0.02)) {
        FAIL("a value that stays became " << x);
      }
    }
  }
}

TEST_CASE("dropout: neighbours are dropped independently") {
  constexpr std::size_t n = 100000;
  constexpr double both = 0.3 * 0.3;
  auto layer = ones("dropout rate=0.3", {1, 1, n});

  layer.forward();

  // Correlation at the distances where words of 32 and 64 bits would show.
  // Pairs overlap, each in two: at most doubles the variance of the count.
  for (const std::size_t apart : {1U, 2U, 16U, 32U, 64U, 128U}) {
    CAPTURE(apart);
    double found = 0.0;
    for (std::size_t j = apart; j < n; ++j) {
      found += layer.out[j] == 0.0F && layer.out[j - apart] == 0.0F ? 1 : 0;
    }
    CHECK(std::abs(found - both * static_cast<double>(n - apart)) <=
          std::sqrt(2.0) * six_sigma(n, both));
  }
}

TEST_CASE("dropout: is the identity in evaluation") {
  t::lone_layer layer("dropout", {{3, 4, 5}}, 3);

  layer.forward(false);

  CHECK(layer.out == layer.in[0]);
}

TEST_CASE("dropout: seed and row decide, whatever the batch") {
  const k::shape in = {1, 1, 200};
  auto many = ones("dropout", in, 3);
  auto one = ones("dropout", in);
  many.rows = {4, 9, 2};
  one.rows = {9};

  many.forward();
  one.forward();

  const auto part = [&](std::size_t b) {
    const auto first = many.out.begin() + static_cast<std::ptrdiff_t>(200 * b);
    return t::floats(first, first + 200);
  };
  CHECK(part(1) == one.out);
  CHECK(part(0) != part(1));
  CHECK(part(0) != part(2));
}

TEST_CASE("dropout: another seed drops others") {
  auto layer = ones("dropout", {1, 1, 200});

  const t::floats first = layer.forward();
  const t::floats again = layer.forward();
  layer.seed += 1;
  const t::floats other = layer.forward();

  CHECK(first == again);
  CHECK(first != other);
}

TEST_CASE("dropout: what is dropped may be infinite") {
  auto layer = ones("dropout", {1, 1, 50});
  const t::floats before = layer.forward();
  for (std::size_t j = 0; j < 50; ++j) {
    layer.in[0][j] = before[j] == 0.0F ? HUGE_VALF : 1.0F;
  }

  layer.forward();

  CHECK(layer.out == before);
}

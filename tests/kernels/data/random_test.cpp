#include "kernels/data/random.hpp"

#include <cmath>
#include <limits>
#include <vector>

#include <catch2/catch.hpp>

#include "kernels/data/alias_table.hpp"

namespace k = sounder::kernels;

namespace {

/// Distance in units of the last place of `expected`.
double ulps(double value, double expected) {
  const double ulp =
      std::nextafter(std::abs(expected), INFINITY) - std::abs(expected);
  return std::abs(value - expected) / ulp;
}

/// Six standard deviations of a count: exceeded with probability 2e-9.
double six_sigma(double n, double p) { return 6 * std::sqrt(n * p * (1 - p)); }

}  // namespace

TEST_CASE("random: the portable logarithm is that of the library") {
  double worst = 0.0;
  for (double x = 1e-300; x < 1e300; x *= 1.37) {
    worst = std::max(worst, ulps(k::portable_log(x), std::log(x)));
  }
  for (double x = 0.5; x < 2.0; x += 0.00137) {
    worst = std::max(worst, ulps(k::portable_log(x), std::log(x)));
  }

  REQUIRE(worst <= 2.0);
  REQUIRE(k::portable_log(1.0) == 0.0);
}

TEST_CASE("random: the portable exponential is that of the library") {
  double worst = 0.0;
  for (double x = -700.0; x < 700.0; x += 0.0317) {
    worst = std::max(worst, ulps(k::portable_exp(x), std::exp(x)));
  }

  REQUIRE(worst <= 2.0);
  REQUIRE(k::portable_exp(0.0) == 1.0);
}

TEST_CASE("random: streams of one seed differ and repeat") {
  k::random_stream a(7, 1);
  k::random_stream again(7, 1);
  k::random_stream b(7, 2);
  k::random_stream c(8, 1);

  const auto first = a.next();

  REQUIRE(first == again.next());
  REQUIRE(first != b.next());
  REQUIRE(first != c.next());
}

TEST_CASE("random: below hits every value equally often") {
  constexpr int n = 60'000;
  k::random_stream random(1);
  std::vector<int> hits(6);
  for (int i = 0; i < n; ++i) {
    ++hits[random.below(6)];
  }

  for (const int h : hits) {
    REQUIRE(std::abs(h - n / 6.0) < six_sigma(n, 1.0 / 6));
  }
  REQUIRE(random.below(1) == 0);
}

TEST_CASE("random: normal numbers have the quantiles of the normal law") {
  constexpr int n = 100'000;
  k::random_stream random(3);
  std::vector<double> z(n);
  for (double& value : z) {
    value = random.normal();
  }

  for (const double x : {-2.5, -1.0, -0.3, 0.0, 0.7, 1.5, 3.0}) {
    const double p = 0.5 * std::erfc(-x / std::sqrt(2.0));
    const auto below =
        std::count_if(z.begin(), z.end(), [=](double v) { return v < x; });
    REQUIRE(std::abs(static_cast<double>(below) - n * p) < six_sigma(n, p));
  }
}

TEST_CASE("random: an alias table draws in proportion to its weights") {
  constexpr int n = 200'000;
  const std::vector<double> weights = {5.0, 0.0, 1.0, 0.001, 13.0, 0.5};
  const double sum = 19.501;
  const k::alias_table table(weights);
  k::random_stream random(5);
  std::vector<int> hits(weights.size());
  for (int i = 0; i < n; ++i) {
    ++hits[table.draw(random)];
  }

  REQUIRE(hits[1] == 0);
  for (std::size_t i = 0; i < weights.size(); ++i) {
    const double p = weights[i] / sum;
    REQUIRE(std::abs(hits[i] - n * p) <= six_sigma(n, p));
  }
}

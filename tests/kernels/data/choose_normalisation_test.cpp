#include "kernels/data/choose_normalisation.hpp"

#include <cmath>

#include <catch2/catch.hpp>

#include "kernels/data/generate.hpp"
#include "kernels/data/random.hpp"
#include "tests/support/small_data.hpp"

namespace {

using namespace sounder;
using kernels::dataset;
using kernels::normalisation_kind;
using tests::matrix;

normalisation_kind chosen(const dataset& data) {
  const auto choice = kernels::choose_normalisation(data);
  CHECK(choice.reason.empty() == (choice.kind == normalisation_kind::none));
  return choice.kind;
}

/// What auto makes of samples.
matrix tame(const dataset& data) {
  return tests::as_matrix(kernels::normalise(
      dataset(data),
      kernels::learn_normalisation(data, chosen(data), !data.is_sparse())));
}

constexpr std::size_t rows = 400;
constexpr std::size_t features = 12;

/// Normal values; `present` is the chance of one that is not 0.
matrix normal(double present = 1.0, std::uint64_t seed = 1) {
  kernels::random_stream random(seed);
  matrix values(rows, std::vector<double>(features));
  for (auto& row : values) {
    for (double& x : row) {
      const double z = random.normal();
      x = random.uniform() < present ? z : 0.0;
    }
  }
  return values;
}

matrix binary() {
  matrix values = normal(0.4);
  for (auto& row : values) {
    for (double& x : row) {
      x = x == 0.0 ? 0.0 : 1.0;
    }
  }
  return values;
}

/// As text comes: positive, rows of length 1.
matrix text() {
  matrix values = normal(0.4);
  for (auto& row : values) {
    double squares = 0.0;
    for (const double x : row) {
      squares += x * x;
    }
    for (double& x : row) {
      x = squares == 0.0 ? 0.0 : std::abs(x) / std::sqrt(squares);
    }
  }
  return values;
}

/// Some rows are long.
matrix counts() {
  matrix values = binary();
  for (std::size_t i = 0; i < rows; ++i) {
    for (double& x : values[i]) {
      x *= i % 10 == 0 ? 20.0 : i % 3 == 0 ? 2.0 : 1.0;
    }
  }
  return values;
}

std::vector<double> random_powers(std::uint64_t seed) {
  kernels::random_stream random(seed);
  std::vector<double> powers(features);
  for (double& p : powers) {
    p = std::pow(10.0, 8.0 * random.uniform() - 4.0);
  }
  return powers;
}

std::vector<double> all(double factor) {
  return std::vector<double>(features, factor);
}

/// Normalised values are below 10, and floats.
constexpr double rounding = 1e-5;

}  // namespace

TEST_CASE("tame samples are left alone") {
  CHECK(chosen(tests::dense(normal())) == normalisation_kind::none);
  CHECK(chosen(tests::sparse(normal(0.4))) == normalisation_kind::none);
  CHECK(chosen(tests::sparse(binary())) == normalisation_kind::none);
  CHECK(chosen(tests::sparse(text())) == normalisation_kind::none);
  CHECK(chosen(kernels::generate_svm({}).train) == normalisation_kind::none);
  CHECK(chosen(kernels::generate_regression({}).train) ==
        normalisation_kind::none);
  kernels::sparse_spec spec;
  spec.rows = 2000;
  CHECK(chosen(kernels::generate_sparse(spec).train) ==
        normalisation_kind::none);
}

TEST_CASE("samples that say nothing are left alone") {
  CHECK(chosen(dataset()) == normalisation_kind::none);
  CHECK(chosen(tests::sparse({{0, 0}, {0, 0}})) == normalisation_kind::none);
  CHECK(chosen(tests::dense({{3, 0}, {3, 0}})) == normalisation_kind::none);
  CHECK(chosen(tests::bytes({{9, 9}, {9, 9}})) == normalisation_kind::none);
}

TEST_CASE("dense features of other scales or places are standardised") {
  auto factors = all(1.0);
  factors[3] = 10.0;
  auto far = normal();
  for (auto& row : far) {
    row[2] += 5.0;
  }

  CHECK(chosen(tests::dense(tests::scaled(normal(), factors))) ==
        normalisation_kind::standard);
  CHECK(chosen(tests::dense(tests::scaled(normal(), all(100.0)))) ==
        normalisation_kind::standard);
  CHECK(chosen(tests::dense(tests::scaled(normal(), all(0.01)))) ==
        normalisation_kind::standard);
  CHECK(chosen(tests::dense(far)) == normalisation_kind::standard);
  CHECK(chosen(tests::bytes({{0, 255}, {3, 17}})) ==
        normalisation_kind::standard);
}

TEST_CASE("the reason has the numbers") {
  const dataset data = tests::dense({{0.1, 315}, {-0.1, -315}});

  CHECK(kernels::choose_normalisation(data).reason ==
        "deviations range from 0.1 to 315");
}

TEST_CASE("sparse features of other scales are divided by their largest") {
  auto factors = all(1.0);
  factors[3] = 1000.0;

  CHECK(chosen(tests::sparse(tests::scaled(binary(), factors))) ==
        normalisation_kind::max_abs);
  CHECK(chosen(tests::sparse(tests::scaled(binary(), all(255.0)))) ==
        normalisation_kind::max_abs);
}

TEST_CASE("counts in rows of many lengths become rows of length 1") {
  CHECK(chosen(tests::sparse(counts())) == normalisation_kind::unit_rows);
  CHECK(chosen(tests::sparse(tests::scaled(text(), all(100.0)))) ==
        normalisation_kind::unit_rows);
}

TEST_CASE("a factor on all values leaves no trace") {
  const double factor = GENERATE(1e-4, 1e-3, 1e-2, 1e2, 1e3, 1e4);

  for (const matrix& values : {text(), counts()}) {
    CHECK(
        tests::distance(tame(tests::sparse(tests::scaled(values, all(factor)))),
                        tame(tests::sparse(values))) < rounding);
  }
  CHECK(
      tests::distance(tame(tests::sparse(tests::scaled(binary(), all(factor)))),
                      binary()) < rounding);
  CHECK(
      tests::distance(tame(tests::dense(tests::scaled(normal(), all(factor)))),
                      tame(tests::dense(tests::scaled(normal(), all(100.0))))) <
      rounding);
}

TEST_CASE("factors on features leave no trace") {
  const std::uint64_t seed = GENERATE(1U, 2U, 3U, 4U, 5U);
  const auto powers = random_powers(seed);
  const auto others = random_powers(seed + 100);

  for (const matrix& values : {normal(0.4), binary(), text()}) {
    CHECK(tests::distance(tame(tests::sparse(tests::scaled(values, powers))),
                          tame(tests::sparse(tests::scaled(values, others)))) <
          rounding);
  }
  CHECK(tests::distance(tame(tests::dense(tests::scaled(normal(), powers))),
                        tame(tests::dense(tests::scaled(normal(), others)))) <
        rounding);
}

TEST_CASE("a feature that hides the others is no length of rows") {
  matrix values = text();
  for (auto& row : values) {
    row[0] = 1e4;
  }

  CHECK(chosen(tests::sparse(values)) == normalisation_kind::max_abs);
}

#include "kernels/data/generate.hpp"

#include <cmath>
#include <numeric>
#include <stdexcept>

#include <catch2/catch.hpp>

#include "kernels/data/statistics.hpp"
#include "tests/support/same_data.hpp"

namespace k = sounder::kernels;
using namespace sounder::tests;

namespace {

/// Six standard deviations of a count: exceeded with probability 2e-9.
double six_sigma(double n, double p) { return 6 * std::sqrt(n * p * (1 - p)); }

std::size_t errors(const k::dataset& data, const std::vector<float>& truth) {
  std::size_t wrong = 0;
  for (std::size_t i = 0; i < data.rows(); ++i) {
    const float label = dot(truth, data, i) >= 0.0 ? 1.0F : -1.0F;
    wrong += label != data.labels()[i];
  }
  return wrong;
}

bool rows_are_ordered(const k::dataset& data) {
  for (std::size_t i = 0; i < data.rows(); ++i) {
    const auto row = indices(data, i);
    if (!std::is_sorted(row.begin(), row.end(), std::less_equal<>()) ||
        (!row.empty() && row.back() >= data.features())) {
      return false;
    }
  }
  return true;
}

/// FNV-1a over what the rows hold.
std::uint64_t fingerprint(const k::dataset& data) {
  std::uint64_t hash = 0xcbf29ce484222325U;
  const auto add = [&](std::uint32_t word) {
    hash = (hash ^ word) * 0x100000001b3U;
  };
  for (std::size_t i = 0; i < data.rows(); ++i) {
    add(std::bit_cast<std::uint32_t>(data.labels()[i]));
    for (std::size_t u = 0; u < indices(data, i).size(); ++u) {
      add(indices(data, i)[u]);
      add(std::bit_cast<std::uint32_t>(values(data, i)[u]));
    }
  }
  return hash;
}

const k::sparse_spec small_collection = {
    .rows = 3'000, .test_rows = 500, .features = 2'000, .mean_nonzeros = 30};

}  // namespace

TEST_CASE("generate: an SVM set has the shape that was asked for") {
  const auto set = k::generate_svm({});

  const auto s = k::statistics(set.train);
  REQUIRE(s.rows == 10'000);
  REQUIRE(set.test.rows() == 1'000);
  REQUIRE(s.features == 100);
  REQUIRE(std::abs(static_cast<double>(s.nonzeros) - 0.2 * 1e6) <
          six_sigma(1e6, 0.2));
  REQUIRE(s.labels.size() == 2);
  REQUIRE(s.labels[0].first == -1.0F);
  REQUIRE(s.labels[1].first == 1.0F);
  REQUIRE(rows_are_ordered(set.train));
}

TEST_CASE("generate: the truth of an SVM set errs where noise flipped") {
  k::svm_spec spec;
  spec.noise = GENERATE(0.0, 0.02, 0.5);

  const auto set = k::generate_svm(spec);

  const double n = 10'000;
  const auto wrong = static_cast<double>(errors(set.train, k::svm_truth(spec)));
  REQUIRE(std::abs(wrong - n * spec.noise) <= six_sigma(n, spec.noise));
}

TEST_CASE("generate: an SVM set may be full") {
  const auto set = k::generate_svm(
      {.rows = 10, .test_rows = 0, .features = 7, .density = 1.0});

  REQUIRE(set.train.nonzeros() == 70);
  REQUIRE(set.test.empty());
  REQUIRE(rows_are_ordered(set.train));
}

TEST_CASE("generate: threads do not change a set, seeds do") {
  SECTION("svm") {
    const auto one = k::generate_svm({}, 1);

    REQUIRE(same_data(one.train, k::generate_svm({}, 3).train));
    REQUIRE(same_data(one.test, k::generate_svm({}, 3).test));
    REQUIRE_FALSE(same_data(one.train, k::generate_svm({.seed = 2}).train));
  }
  SECTION("regression") {
    const auto one = k::generate_regression({}, 1);

    REQUIRE(same_data(one.train, k::generate_regression({}, 3).train));
    REQUIRE_FALSE(
        same_data(one.train, k::generate_regression({.seed = 2}).train));
  }
  SECTION("sparse") {
    auto other = small_collection;
    other.seed = 2;
    const auto one = k::generate_sparse(small_collection, 1);

    REQUIRE(
        same_data(one.train, k::generate_sparse(small_collection, 3).train));
    REQUIRE_FALSE(same_data(one.train, k::generate_sparse(other).train));
  }
}

TEST_CASE("generate: a smaller set is the start of a larger one") {
  auto larger = small_collection;
  larger.rows = 5'000;

  const auto small = k::generate_sparse(small_collection).train;
  const auto large = k::generate_sparse(larger).train;

  REQUIRE(same_data(small, large.slice(0, small.rows())));
}

TEST_CASE("generate: the bits are the same with every compiler") {
  // Recorded once; a change here breaks everybody's reproducibility.
  REQUIRE(fingerprint(k::generate_svm({}).train) == 0xb9ada3b3304f68d9U);
  REQUIRE(fingerprint(k::generate_sparse(small_collection).train) ==
          0x3c89bddfc51e916U);
}

TEST_CASE("generate: the residuals of a regression set are its noise") {
  const k::regression_spec spec;
  const auto truth = k::regression_truth(spec);

  const auto train = k::generate_regression(spec).train;

  double square = 0.0;
  for (std::size_t i = 0; i < train.rows(); ++i) {
    const float* x = train.floats().value + i * spec.features;
    const double residual =
        train.labels()[i] -
        std::inner_product(truth.begin(), truth.end(), x, 0.0);
    square += residual * residual;
  }
  // A sum of squares is chi-square: variance 2n. Six sigma, as above.
  const double n = 5'000;
  REQUIRE(std::abs(square / (spec.noise * spec.noise) - n) <
          6 * std::sqrt(2 * n));
}

TEST_CASE("generate: documents are unit rows of distinct features") {
  const auto train = k::generate_sparse(small_collection).train;

  REQUIRE(rows_are_ordered(train));
  for (std::size_t i = 0; i < train.rows(); ++i) {
    double square = 0.0;
    for (const float v : values(train, i)) {
      REQUIRE(v > 0.0F);
      square += double{v} * double{v};
    }
    REQUIRE(square == Approx(1.0).epsilon(1e-5));
  }
}

TEST_CASE("generate: documents have the mean length that was asked for") {
  const auto train = k::generate_sparse(small_collection).train;

  // Log-normal with log-deviation 0.7: deviation / mean = sqrt(e^0.49 - 1).
  const double sigma = 30 * std::sqrt(std::exp(0.49) - 1) / std::sqrt(3'000.0);
  const double mean = static_cast<double>(train.nonzeros()) / 3'000.0;
  REQUIRE(std::abs(mean - 30.0) < 6 * sigma + 0.1);  // 0.1: rounding
}

TEST_CASE("generate: the truth of documents errs where noise flipped") {
  auto spec = small_collection;
  spec.noise = GENERATE(0.0, 0.1);

  const auto set = k::generate_sparse(spec);

  const double n = 3'000;
  const auto wrong =
      static_cast<double>(errors(set.train, k::sparse_truth(spec)));
  REQUIRE(std::abs(wrong - n * spec.noise) <= six_sigma(n, spec.noise));
}

TEST_CASE("generate: the classes of documents are of similar size") {
  const auto s = k::statistics(k::generate_sparse(small_collection).train);

  REQUIRE(s.labels.size() == 2);
  REQUIRE(s.labels[0].second > s.rows / 3);
  REQUIRE(s.labels[1].second > s.rows / 3);
}

TEST_CASE("generate: popular features are those of Zipf's law") {
  // One feature a row: no effect of drawing without replacement.
  const k::sparse_spec spec = {.rows = 100'000,
                               .test_rows = 0,
                               .features = 50,
                               .mean_nonzeros = 1.0,
                               .zipf_exponent = 1.0,
                               .zipf_shift = 0.0};
  const auto train = k::generate_sparse(spec).train;

  std::vector<double> first(spec.features);  // of the rows with one feature
  double rows = 0.0;
  for (std::size_t i = 0; i < train.rows(); ++i) {
    if (indices(train, i).size() == 1) {
      ++first[indices(train, i)[0]];
      ++rows;
    }
  }
  std::sort(first.begin(), first.end(), std::greater<>());
  double harmonic = 0.0;
  for (int rank = 1; rank <= 50; ++rank) {
    harmonic += 1.0 / rank;
  }
  for (int rank = 1; rank <= 5; ++rank) {
    const double p = 1.0 / rank / harmonic;
    REQUIRE(std::abs(first[static_cast<std::size_t>(rank - 1)] - rows * p) <
            six_sigma(rows, p));
  }
}

TEST_CASE("generate: popular features are spread over the columns") {
  const auto train = k::generate_sparse(small_collection).train;
  const auto counts = k::feature_counts(train);

  // Half of the non-zeros are in each half of the columns, but for the luck
  // of the permutation: of weights this even, well within a fifth.
  const auto half =
      std::accumulate(counts.begin(), counts.begin() + 1'000, std::uint64_t{0});
  REQUIRE(static_cast<double>(half) / static_cast<double>(train.nonzeros()) ==
          Approx(0.5).margin(0.1));
}

TEST_CASE("generate: rows as long as the vocabulary hold all of it") {
  const auto train = k::generate_sparse({.rows = 50,
                                         .test_rows = 0,
                                         .features = 40,
                                         .mean_nonzeros = 40.0,
                                         .zipf_exponent = 3.0,
                                         .zipf_shift = 0.0})
                         .train;

  REQUIRE(rows_are_ordered(train));
  const auto s = k::statistics(train);
  REQUIRE(s.row_max == 40);
}

TEST_CASE("generate: values out of range are named") {
  REQUIRE_THROWS_WITH(k::generate_svm({.density = 1.5}),
                      Catch::Contains("density 1.5"));
  REQUIRE_THROWS_WITH(k::generate_svm({.noise = NAN}),
                      Catch::Contains("noise nan"));
  REQUIRE_THROWS_AS(k::generate_svm({.rows = 0}), std::invalid_argument);
  REQUIRE_THROWS_AS(k::generate_svm({.features = std::size_t{1} << 33U}),
                    std::invalid_argument);
  REQUIRE_THROWS_AS(k::generate_regression({.noise = -1.0}),
                    std::invalid_argument);
  REQUIRE_THROWS_AS(k::generate_sparse({.features = 10}),
                    std::invalid_argument);
  REQUIRE_THROWS_AS(k::generate_sparse({.zipf_exponent = -1.0}),
                    std::invalid_argument);
}

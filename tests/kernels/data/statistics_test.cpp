#include "kernels/data/statistics.hpp"

#include <array>
#include <numeric>

#include <catch2/catch.hpp>

#include "kernels/data/generate.hpp"
#include "kernels/data/svmlight.hpp"
#include "tests/support/test_data.hpp"

namespace k = sounder::kernels;
using sounder::tests::test_data;

namespace {

/// Row i holds the features 0, ..., i, all of value i - 1.
k::dataset staircase(std::uint32_t rows, std::size_t features) {
  k::sparse_storage s;
  s.start.push_back(0);
  std::vector<float> labels;
  for (std::uint32_t i = 0; i < rows; ++i) {
    for (std::uint32_t u = 0; u <= i; ++u) {
      s.index.push_back(u);
      s.value.push_back(static_cast<float>(i) - 1.0F);
    }
    s.start.push_back(s.index.size());
    labels.push_back(static_cast<float>(i % 2));
  }
  return {std::move(s), std::move(labels), features};
}

}  // namespace

TEST_CASE("statistics: a staircase is described by closed forms") {
  const auto s = k::statistics(staircase(5, 10));

  // Row 1 holds two stored zeros; they are no non-zeros.
  REQUIRE(s.rows == 5);
  REQUIRE(s.features == 10);
  REQUIRE(s.used_features == 5);
  REQUIRE(s.nonzeros == 15 - 2);
  REQUIRE(s.density == Approx(13.0 / 50.0));
  REQUIRE(s.row_min == 0);
  REQUIRE(s.row_max == 5);
  REQUIRE(s.row_mean == Approx(13.0 / 5.0));
  REQUIRE(s.value_min == -1.0F);
  REQUIRE(s.value_max == 3.0F);
  REQUIRE(s.labels == decltype(s.labels){{0.0F, 3}, {1.0F, 2}});
  REQUIRE(s.head_share[0] == 1.0);
  REQUIRE(s.bytes == staircase(5, 10).bytes());
}

TEST_CASE("statistics: bytes are judged by the value they stand for") {
  k::dense_storage storage;
  for (const std::uint8_t byte : std::array<std::uint8_t, 4>{0, 2, 4, 2}) {
    storage.bytes.push_back(byte);
  }
  storage.scale = 0.5F;
  storage.shift = -1.0F;

  const auto s = k::statistics(k::dataset(std::move(storage), {1.0F, 2.0F}, 2));

  REQUIRE(s.nonzeros == 2);  // byte 2 stands for zero
  REQUIRE(s.used_features == 1);
  REQUIRE(s.value_min == -1.0F);
  REQUIRE(s.value_max == 1.0F);
}

TEST_CASE("statistics: the head holds the popular features' share") {
  // Features 0..1023 in two rows, 1024..3071 in one: shares 1/2 and 1.
  k::sparse_storage s;
  s.start.push_back(0);
  for (const std::uint32_t width : {1'024U, 3'072U}) {
    for (std::uint32_t u = 0; u < width; ++u) {
      s.index.push_back(3'071 - u);  // popular ones are the last columns
      s.value.push_back(1.0F);
    }
    s.start.push_back(s.index.size());
  }

  const auto stats =
      k::statistics(k::dataset(std::move(s), {0.0F, 1.0F}, 5'000));

  REQUIRE(stats.head_share[0] == Approx(0.5));
  REQUIRE(stats.head_share[1] == 1.0);
  REQUIRE(stats.head_share[2] == 1.0);
}

TEST_CASE("statistics: an empty set is described, too") {
  const auto s = k::statistics({});

  REQUIRE(s.rows == 0);
  REQUIRE(s.labels.empty());
}

TEST_CASE("feature_counts: every stored value counts") {
  REQUIRE(k::feature_counts(staircase(4, 6)) ==
          std::vector<std::uint32_t>{4, 3, 2, 1, 0, 0});
  REQUIRE(k::feature_counts(staircase(4, 6).slice(1, 3)) ==
          std::vector<std::uint32_t>{2, 2, 1, 0, 0, 0});
}

TEST_CASE("feature_counts: threads do not change the counts") {
  const auto data = k::generate_sparse({.rows = 60'000,
                                        .test_rows = 0,
                                        .features = 1'000,
                                        .mean_nonzeros = 50})
                        .train;

  const auto counts = k::feature_counts(data, 1);

  REQUIRE(data.nonzeros() > 2 * (1U << 20U));  // enough for two threads
  REQUIRE(k::feature_counts(data, 4) == counts);
  REQUIRE(std::accumulate(counts.begin(), counts.end(), std::uint64_t{0}) ==
          data.nonzeros());
}

TEST_CASE("feature_counts: dense features occur in every sample") {
  REQUIRE(k::feature_counts(k::generate_regression({}).train) ==
          std::vector<std::uint32_t>(5, 5'000));
}

TEST_CASE("statistics: RCV1 is as its authors describe it") {
  const auto file = test_data("rcv1/rcv1_ccat_train.svm.xz");
  if (!file) {
    return;
  }

  const auto s = k::statistics(k::read_svmlight(*file, {.features = 47'236}));

  REQUIRE(s.rows == 22'490);
  REQUIRE(s.nonzeros == 1'748'417);
  REQUIRE(s.used_features == 27'968);
  REQUIRE(s.row_min == 7);
  REQUIRE(s.row_max == 618);
  REQUIRE(s.labels == decltype(s.labels){{-1.0F, 12'349}, {1.0F, 10'141}});
}

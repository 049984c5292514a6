#include "kernels/data/split.hpp"

#include <cmath>
#include <set>
#include <stdexcept>
#include <vector>

#include <catch2/catch.hpp>

#include "kernels/data/generate.hpp"
#include "tests/support/same_data.hpp"

namespace k = sounder::kernels;
using namespace sounder::tests;

namespace {

/// Row i is labelled i, and so is what it holds.
k::dataset numbered(std::size_t rows, k::layout layout) {
  std::vector<float> labels(rows);
  k::sparse_storage sparse;
  k::dense_storage dense;
  dense.scale = layout == k::layout::dense_byte ? 0.5F : 1.0F;
  sparse.start.push_back(0);
  for (std::size_t i = 0; i < rows; ++i) {
    labels[i] = static_cast<float>(i);
    for (std::uint32_t u = 0; u <= i % 3; ++u) {
      sparse.index.push_back(u);
      sparse.value.push_back(static_cast<float>(i));
    }
    sparse.start.push_back(sparse.index.size());
    for (std::size_t u = 0; u < 3; ++u) {
      if (layout == k::layout::dense_byte) {
        dense.bytes.push_back(static_cast<std::uint8_t>(i));
      } else {
        dense.floats.push_back(static_cast<float>(i));
      }
    }
  }
  if (layout == k::layout::sparse) {
    return {std::move(sparse), std::move(labels), 3};
  }
  return {std::move(dense), std::move(labels), 3};
}

std::multiset<float> labels_of(const k::train_test& sides) {
  std::multiset<float> all(sides.train.labels().begin(),
                           sides.train.labels().end());
  all.insert(sides.test.labels().begin(), sides.test.labels().end());
  return all;
}

}  // namespace

TEST_CASE("split: every row is on exactly one side") {
  const auto layout = GENERATE(k::layout::sparse, k::layout::dense_float,
                               k::layout::dense_byte);
  const k::dataset all = numbered(101, layout);

  const auto sides = k::split(all, 0.8, 5);

  REQUIRE(sides.train.rows() == 81);
  REQUIRE(sides.test.rows() == 20);
  REQUIRE(labels_of(sides) ==
          std::multiset<float>(all.labels().begin(), all.labels().end()));
}

TEST_CASE("split: rows keep their values") {
  const auto layout = GENERATE(k::layout::sparse, k::layout::dense_float,
                               k::layout::dense_byte);
  const k::dataset all = numbered(50, layout);

  const auto side = k::split(all, 0.5, 1).test;

  for (std::size_t i = 0; i < side.rows(); ++i) {
    const auto row = static_cast<std::size_t>(side.labels()[i]);
    REQUIRE(same_data(side.slice(i, i + 1), all.slice(row, row + 1)));
  }
}

TEST_CASE("split: the seed decides, and nothing else") {
  const k::dataset all = numbered(200, k::layout::sparse);

  const auto once = k::split(all, 0.5, 1);

  REQUIRE(same_data(once.train, k::split(all, 0.5, 1).train));
  REQUIRE_FALSE(same_data(once.train, k::split(all, 0.5, 2).train));
}

TEST_CASE("split: a slice is divided without its surroundings") {
  const k::dataset part = numbered(30, k::layout::sparse).slice(10, 20);

  const auto all = labels_of(k::split(part, 0.3, 1));

  REQUIRE(all.size() == 10);
  REQUIRE(*all.begin() == 10.0F);
  REQUIRE(*all.rbegin() == 19.0F);
}

TEST_CASE("split: a ratio that leaves a side empty is refused") {
  const k::dataset all = numbered(4, k::layout::sparse);

  for (const double ratio : {0.0, 1.0, -0.5, 1.5, double{NAN}, 0.1, 0.9}) {
    REQUIRE_THROWS_AS(k::split(all, ratio, 1), std::invalid_argument);
  }
  REQUIRE_THROWS_WITH(k::split(all, 0.1, 1),
                      Catch::Contains("none to train on"));
  REQUIRE_THROWS_AS(k::split({}, 0.5, 1), std::invalid_argument);
}

TEST_CASE("select_rows: rows come in the order asked for and may repeat") {
  const k::dataset all = numbered(9, k::layout::sparse);

  const auto some = k::select_rows(all, std::vector<std::uint32_t>{7, 2, 7});

  REQUIRE(std::vector<float>(some.labels().begin(), some.labels().end()) ==
          std::vector<float>{7, 2, 7});
  REQUIRE(same_data(some.slice(0, 1), some.slice(2, 3)));
  REQUIRE(k::select_rows(all, {}).empty());
}

#include "kernels/data/dataset.hpp"

#include <catch2/catch.hpp>

namespace k = sounder::kernels;

namespace {

/// Row i holds i + 1 pairs (j, 10 * i + j).
k::dataset staircase(std::size_t rows) {
  k::sparse_storage s;
  s.start.push_back(0);
  std::vector<float> labels;
  for (std::uint32_t i = 0; i < rows; ++i) {
    for (std::uint32_t j = 0; j <= i; ++j) {
      s.index.push_back(j);
      s.value.push_back(static_cast<float>(10 * i + j));
    }
    s.start.push_back(s.index.size());
    labels.push_back(static_cast<float>(i));
  }
  return {std::move(s), std::move(labels), rows};
}

}  // namespace

TEST_CASE("dataset: a slice sees its rows and shares the memory") {
  const k::dataset all = staircase(6);
  const k::dataset part = all.slice(2, 5);

  REQUIRE(part.rows() == 3);
  REQUIRE(part.nonzeros() == 3 + 4 + 5);
  REQUIRE(part.labels()[0] == 2.0F);
  REQUIRE(part.sparse().value == all.sparse().value);
  const auto rows = part.sparse();
  REQUIRE(rows.value[rows.start[1]] == 30.0F);
}

TEST_CASE("dataset: new labels on a slice stay aligned with its rows") {
  const k::dataset part = staircase(6).slice(1, 4).with_labels({7, 8, 9});

  REQUIRE(part.slice(1, 3).labels()[0] == 8.0F);
  REQUIRE(part.labels().size() == 3);
}

TEST_CASE("dataset: release copies only when somebody else looks on") {
  k::dataset sole = staircase(4);
  const float* memory = sole.sparse().value;
  k::dataset shared = staircase(4);
  const k::dataset onlooker = shared.slice(1, 3);

  const auto same = std::move(sole).release_sparse();
  const auto copy = std::move(shared).release_sparse();

  REQUIRE(same.value.data() == memory);
  REQUIRE(copy.value.data() != onlooker.sparse().value);
  REQUIRE(onlooker.sparse().value[onlooker.sparse().start[0]] == 10.0F);
  REQUIRE(copy.start[4] == 10);
}

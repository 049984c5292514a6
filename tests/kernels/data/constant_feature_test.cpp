#include "kernels/data/constant_feature.hpp"

#include <cmath>
#include <utility>

#include <catch2/catch.hpp>

#include "tests/support/same_data.hpp"

namespace {

using namespace sounder;
using kernels::dataset;

/// Rows (1 at 0, 2 at 2), () and (3 at 1) of three features.
dataset sparse_rows() {
  kernels::sparse_storage s;
  for (const std::uint64_t start : {0U, 2U, 2U, 3U}) {
    s.start.push_back(start);
  }
  for (const std::uint32_t index : {0U, 2U, 1U}) {
    s.index.push_back(index);
  }
  for (const float value : {1.0F, 2.0F, 3.0F}) {
    s.value.push_back(value);
  }
  return dataset(std::move(s), {5, 6, 7}, 3);
}

std::vector<std::uint32_t> index_of(const dataset& data, std::size_t row) {
  const auto all = tests::indices(data, row);
  return {all.begin(), all.end()};
}

std::vector<float> value_of(const dataset& data, std::size_t row) {
  const auto all = tests::values(data, row);
  return {all.begin(), all.end()};
}

}  // namespace

TEST_CASE("every sparse row ends with the constant feature") {
  const dataset data = kernels::with_constant_feature(sparse_rows(), 0.5F);

  CHECK(data.features() == 4);
  CHECK(data.labels()[2] == 7.0F);
  CHECK(index_of(data, 0) == std::vector<std::uint32_t>{0, 2, 3});
  CHECK(value_of(data, 0) == std::vector<float>{1, 2, 0.5F});
  CHECK(index_of(data, 1) == std::vector<std::uint32_t>{3});
  CHECK(value_of(data, 2) == std::vector<float>{3, 0.5F});
}

TEST_CASE("the constant feature leaves those who share the rows alone") {
  const dataset whole = sparse_rows();

  const dataset part = kernels::with_constant_feature(whole.slice(1, 3), 1.0F);

  CHECK(part.rows() == 2);
  CHECK(index_of(part, 1) == std::vector<std::uint32_t>{1, 3});
  CHECK(part.labels()[0] == 6.0F);
  CHECK(tests::same_data(whole, sparse_rows()));
}

TEST_CASE("dense rows get a last column") {
  kernels::dense_storage s;
  for (const float value : {1.0F, 2.0F, 3.0F, 4.0F}) {
    s.floats.push_back(value);
  }

  const dataset data =
      kernels::with_constant_feature(dataset(std::move(s), {0, 1}, 2), 2.5F);

  const auto rows = data.floats();
  CHECK(std::vector<float>(rows.value, rows.value + 6) ==
        std::vector<float>{1, 2, 2.5F, 3, 4, 2.5F});
}

TEST_CASE("bytes stay bytes when one stands for the constant") {
  const auto [constant, layout] = GENERATE(
      table<float, kernels::layout>({{3.0F, kernels::layout::dense_byte},
                                     {2.0F, kernels::layout::dense_float},
                                     {1000.0F, kernels::layout::dense_float}}));
  kernels::dense_storage s;
  s.bytes.push_back(10);
  s.bytes.push_back(20);
  s.scale = 2.0F;
  s.shift = -1.0F;

  const dataset data = kernels::with_constant_feature(
      dataset(std::move(s), {0, 1}, 1), constant);

  INFO(constant);
  REQUIRE(data.layout() == layout);
  for (std::size_t i = 0; i < 2; ++i) {
    const auto at = [&](std::size_t k) {
      if (data.layout() == kernels::layout::dense_float) {
        return data.floats().value[k];
      }
      const auto rows = data.bytes_view();
      return static_cast<float>(rows.value[k]) * rows.scale + rows.shift;
    };
    CHECK(at(2 * i) == (i == 0 ? 19.0F : 39.0F));
    CHECK(at(2 * i + 1) == constant);
  }
}

TEST_CASE("a convenient constant is what a byte stands for") {
  const auto constant = [](float scale, float shift) {
    kernels::dense_storage s;
    s.bytes.push_back(7);
    s.scale = scale;
    s.shift = shift;
    const dataset data(std::move(s), {0}, 1);
    const float value = kernels::convenient_constant(data, 1.0F);
    const auto layout =
        kernels::with_constant_feature(dataset(data), value).layout();
    return std::pair(value, layout == kernels::layout::dense_byte);
  };

  CHECK(constant(1.0F, 0.0F) == std::pair(1.0F, true));
  CHECK(constant(0.75F, -1.0F) == std::pair(1.25F, true));
  const auto [near, stay] = constant(1 / 78.6F, -33.3F / 78.6F);
  CHECK(std::abs(near - 1.0F) < 0.01F);
  CHECK(stay);
  // All bytes stand for values far from 1.
  CHECK(constant(0.01F, -3.0F) == std::pair(1.0F, false));
}

TEST_CASE("samples without bytes have any constant") {
  CHECK(kernels::convenient_constant(sparse_rows(), 0.3F) == 0.3F);
}

#include "kernels/data/normalise.hpp"

#include <utility>

#include <catch2/catch.hpp>

#include "tests/support/same_data.hpp"
#include "tests/support/small_data.hpp"

namespace {

using namespace sounder;
using kernels::dataset;
using kernels::layout;
using kernels::normalisation_kind;
using tests::as_matrix;
using tests::distance;
using tests::matrix;

/// Values are about 1, and floats.
constexpr double rounding = 1e-6;

dataset normalised(const dataset& data, normalisation_kind kind,
                   bool centres = false) {
  return kernels::normalise(dataset(data),
                            kernels::learn_normalisation(data, kind, centres));
}

/// Wild in scale and place; a constant and an empty feature.
const matrix wild = {{1e4, -0.002, 7, 0}, {3e4, 0.002, 7, 0}};

}  // namespace

TEST_CASE("a kind of normalisation has one name") {
  for (const auto kind :
       {normalisation_kind::none, normalisation_kind::unit_rows,
        normalisation_kind::max_abs, normalisation_kind::standard}) {
    CHECK(kernels::normalisation_by_name(kernels::name(kind)) == kind);
  }
  CHECK_FALSE(kernels::normalisation_by_name("auto"));
}

TEST_CASE("standard gives dense features mean 0 and deviation 1") {
  const dataset data =
      normalised(tests::dense(wild), normalisation_kind::standard, true);

  CHECK(distance(as_matrix(data), {{-1, -1, 0, 0}, {1, 1, 0, 0}}) < rounding);
}

TEST_CASE("standard without a constant feature moves no zero") {
  const matrix rows = {{3, 0, 7, 0}, {0, -4, 7, 0}};
  const double root = std::sqrt(2.0);
  const matrix expected = {{root, 0, 1, 0}, {0, -root, 1, 0}};
  const auto sparse =
      normalised(tests::sparse(rows), normalisation_kind::standard, true);

  CHECK(distance(as_matrix(normalised(tests::dense(rows),
                                      normalisation_kind::standard)),
                 expected) < rounding);
  CHECK(sparse.layout() == layout::sparse);
  CHECK(distance(as_matrix(sparse), expected) < rounding);
}

TEST_CASE("max-abs gives features a largest magnitude of 1") {
  const matrix expected = {{1. / 3, -1, 1, 0}, {1, 1, 1, 0}};

  CHECK(distance(as_matrix(normalised(tests::dense(wild),
                                      normalisation_kind::max_abs)),
                 expected) < rounding);
  CHECK(distance(as_matrix(normalised(tests::sparse(wild),
                                      normalisation_kind::max_abs)),
                 expected) < rounding);
}

TEST_CASE("unit rows have length 1 unless they are 0") {
  const matrix rows = {{3, 4}, {0, 0}, {0, -2e-4}};
  const matrix expected = {{0.6, 0.8}, {0, 0}, {0, -1}};
  const auto kind = normalisation_kind::unit_rows;

  CHECK(distance(as_matrix(normalised(tests::sparse(rows), kind)), expected) <
        rounding);
  CHECK(distance(as_matrix(normalised(tests::dense(rows), kind)), expected) <
        rounding);
  CHECK(distance(
            as_matrix(normalised(tests::bytes({{3, 4}, {0, 0}, {0, 9}}), kind)),
            {{0.6, 0.8}, {0, 0}, {0, 1}}) < rounding);
}

TEST_CASE("bytes stay bytes under one shift and one factor") {
  const dataset pixels = tests::bytes({{0, 255}, {0, 255}}, 1 / 255.0F);

  const dataset standard =
      normalised(pixels, normalisation_kind::standard, true);
  const dataset max_abs =
      normalised(tests::bytes({{0, 50}, {25, 0}}), normalisation_kind::max_abs);

  CHECK(standard.layout() == layout::dense_byte);
  CHECK(distance(as_matrix(standard), {{-1, 1}, {-1, 1}}) < rounding);
  CHECK(max_abs.layout() == layout::dense_byte);
  CHECK(distance(as_matrix(max_abs), {{0, 1}, {0.5, 0}}) < rounding);
}

TEST_CASE("what was learnt of floats is done to bytes, and the reverse") {
  const auto standard = normalisation_kind::standard;
  const auto of_floats = kernels::learn_normalisation(
      tests::dense({{0, 4}, {2, 0}}), standard, true);
  const auto of_bytes =
      kernels::learn_normalisation(tests::bytes({{0, 4}}), standard, true);

  CHECK(
      distance(as_matrix(kernels::normalise(tests::bytes({{2, 2}}), of_floats)),
               {{1, 0}}) < rounding);
  CHECK(
      distance(as_matrix(kernels::normalise(tests::dense({{2, 6}}), of_bytes)),
               {{0, 2}}) < rounding);
}

TEST_CASE("normalisation leaves those who share the rows alone") {
  const auto kind =
      GENERATE(normalisation_kind::max_abs, normalisation_kind::unit_rows);
  const bool is_sparse = GENERATE(true, false);
  const matrix rows = {{9, 9}, {3, 4}, {6, 8}};
  const auto make = [&] {
    return is_sparse ? tests::sparse(rows) : tests::dense(rows);
  };
  const dataset whole = make();

  const dataset part = normalised(whole.slice(1, 3), kind);

  CHECK(tests::same_data(whole, make()));
  CHECK(distance(as_matrix(part), kind == normalisation_kind::max_abs
                                      ? matrix{{0.5, 0.5}, {1, 1}}
                                      : matrix{{0.6, 0.8}, {0.6, 0.8}}) <
        rounding);
}

TEST_CASE("nothing divides by 0, nor by what is nearly so") {
  const auto kind =
      GENERATE(normalisation_kind::max_abs, normalisation_kind::standard,
               normalisation_kind::unit_rows);
  const bool centres = GENERATE(true, false);
  // 0.1 has no exact float: its mean is off by its last bit.
  const matrix rows(1000, {0.1, 0.0, 1e-38, 1e30});

  for (const dataset& data :
       {tests::dense(rows), tests::sparse(rows), tests::bytes({{0, 0}, {0, 0}}),
        tests::bytes({{7, 7}, {7, 7}})}) {
    for (const auto& row : as_matrix(normalised(data, kind, centres))) {
      for (const double x : row) {
        CHECK(std::abs(x) <= 7.0);
      }
    }
  }
}

TEST_CASE("the scale of features leaves no trace") {
  const auto kind =
      GENERATE(normalisation_kind::max_abs, normalisation_kind::standard);
  const double factor = GENERATE(1e-4, 1e-2, 1.0, 1e2, 1e4);
  const matrix rows = {{1, 5, 0.3}, {2, 1, 0.1}, {4, 0, -0.2}, {0, 3, 0.7}};
  const matrix other = tests::scaled(rows, {factor, 1 / factor, factor});

  CHECK(distance(as_matrix(normalised(tests::dense(other), kind, true)),
                 as_matrix(normalised(tests::dense(rows), kind, true))) <
        rounding);
  CHECK(distance(as_matrix(normalised(tests::sparse(other), kind)),
                 as_matrix(normalised(tests::sparse(rows), kind))) < rounding);
}

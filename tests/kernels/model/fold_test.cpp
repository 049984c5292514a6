#include "kernels/model/fold.hpp"

#include <catch2/catch.hpp>

#include "kernels/data/constant_feature.hpp"
#include "tests/support/small_data.hpp"

namespace {

using namespace sounder;
using kernels::dataset;
using kernels::model;
using kernels::normalisation;
using kernels::normalisation_kind;

const tests::matrix rows = {{1e4, -0.002}, {3e4, 0.002}, {2e4, 0.01}};

model two_classes(double bias) {
  model m{kernels::linear_model::softmax, {0, 1}, 2, 2, bias, {}, {}};
  m.weights = {0.5F, -1, 2, 0.25F};
  if (bias != 0.0) {
    m.weights.insert(m.weights.end(), {-0.75F, 3});
  }
  return m;
}

/// Scores of row i, with a constant feature of this value.
std::vector<double> scores(const model& m, const dataset& data, std::size_t i,
                           double constant) {
  std::vector<double> z(m.outputs);
  std::vector<double> x = tests::as_matrix(data)[i];
  if (m.bias != 0.0) {
    x.push_back(constant);
  }
  for (std::size_t k = 0; k < m.weights.size(); ++k) {
    z[k % m.outputs] += double{m.weights[k]} * x[k / m.outputs];
  }
  return z;
}

}  // namespace

TEST_CASE("a folded model gives samples as they came the same scores") {
  const auto kind =
      GENERATE(normalisation_kind::none, normalisation_kind::max_abs,
               normalisation_kind::standard);
  const auto [bias, constant] =
      GENERATE(table<double, double>({{0, 0}, {1, 1}, {1, 1.25}, {0.5, 0.5}}));
  const dataset raw = tests::dense(rows);
  const normalisation how =
      kernels::learn_normalisation(raw, kind, bias != 0.0);
  const dataset tame = kernels::normalise(dataset(raw), how);
  const model trained = two_classes(bias);

  model folded = trained;
  kernels::fold(how, constant, folded);

  CHECK(folded.normalised == kind);
  for (std::size_t i = 0; i < rows.size(); ++i) {
    const auto expected = scores(trained, tame, i, constant);
    const auto found = scores(folded, raw, i, bias);
    for (std::size_t c = 0; c < 2; ++c) {
      CHECK(found[c] == Approx(expected[c]).margin(1e-5));
    }
  }
}

TEST_CASE("unfolding takes folding back") {
  const auto kind =
      GENERATE(normalisation_kind::none, normalisation_kind::unit_rows,
               normalisation_kind::max_abs, normalisation_kind::standard);
  const normalisation how =
      kernels::learn_normalisation(tests::dense(rows), kind, true);
  const model trained = two_classes(1.0);

  model back = trained;
  kernels::fold(how, 1.25, back);
  kernels::unfold(how, 1.25, back);

  for (std::size_t k = 0; k < trained.weights.size(); ++k) {
    CHECK(back.weights[k] == Approx(trained.weights[k]).epsilon(1e-5));
  }
}

TEST_CASE("without normalisation folding changes no bit") {
  const model trained = two_classes(0.3);

  model folded = trained;
  kernels::fold({}, 0.3, folded);

  CHECK(folded.weights == trained.weights);
}

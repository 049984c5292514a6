#include "kernels/model/regulariser.hpp"

#include <cmath>

#include <catch2/catch.hpp>

#include "tests/support/linear_cases.hpp"

namespace k = sounder::kernels;
namespace t = sounder::tests;

namespace {

double objective_of(const k::objective& model, const k::dataset& data,
                    const std::vector<float>& w) {
  const auto sums = model.evaluate(data, 0, data.rows(), w.data());
  return sums.loss / static_cast<double>(sums.rows) + model.penalty(w.data());
}

}  // namespace

TEST_CASE("l2: the scale form is w <- (1 - step l2) w to the bit") {
  // step * l2 = 1/2: the scale is a power of two, so that stored and true
  // weights round alike (problems.hpp says why sums do). A fold every 64 steps
  // keeps 2^-64 within floats.
  constexpr std::size_t fold_every = 64;
  for (const auto model_name : t::models) {
    for (const auto layout : t::layouts) {
      const t::linear_case c{model_name, layout, {k::penalty_form::l2, 1.0}};
      INFO(text(c));
      const auto data = t::exact_problem(model_name, layout, 512, 11, 1);
      const auto model =
          k::make_linear(model_name, data, t::classes, c.penalty);
      t::reference<float> plain(model_name, data, c.penalty);
      std::vector<float> w(model->dimension());
      const auto order = t::all_rows(data);

      for (int epoch = 0; epoch < 3; ++epoch) {
        for (const auto part : plain.batches(order, fold_every)) {
          t::walk(*model, data, part, 1, 0.5, w);
          plain.walk(part, 1, 0.5);
          REQUIRE(w == plain.w);
        }
      }
    }
  }
}

TEST_CASE("l2: batches scale exactly as well") {
  for (const auto model_name : t::models) {
    const t::linear_case c{
        model_name, k::layout::sparse, {k::penalty_form::l2, 1.0}};
    INFO(text(c));
    const auto data = t::exact_problem(model_name, c.layout, 256, 11, 2);
    const auto model = k::make_linear(model_name, data, t::classes, c.penalty);
    t::reference<float> plain(model_name, data, c.penalty);
    std::vector<float> w(model->dimension());

    t::walk(*model, data, t::all_rows(data), 8, 0.5, w);
    plain.walk(t::all_rows(data), 8, 0.5);

    REQUIRE(w == plain.w);
  }
}

TEST_CASE("l2: the scale form is the explicit decay to rounding") {
  for (const auto model_name : t::models) {
    const t::linear_case c{
        model_name, k::layout::sparse, {k::penalty_form::l2, 0.01}};
    INFO(text(c));
    const auto data = t::random_problem(model_name, c.layout, 500, 30, 3);
    const auto model = k::make_linear(model_name, data, t::classes, c.penalty);
    t::reference<double> plain(model_name, data, c.penalty);
    std::vector<float> w(model->dimension());

    for (int epoch = 0; epoch < 5; ++epoch) {
      const double step = 0.1 * std::pow(0.8, epoch);
      t::walk(*model, data, t::all_rows(data), 1, step, w);
      plain.walk(t::all_rows(data), 1, step);
    }

    REQUIRE(t::distance(w, plain.w) <= plain.rounding_bound());
  }
}

TEST_CASE("per-feature decay reaches the objective of exact l2 within 1 %") {
  // The two agree in the mean; what they differ by at any one moment is noise
  // of the order of the step, hence small steps and many of them.
  const auto data = t::text_like(10000, 300, 4);
  const double strength = 1e-3;
  for (const auto model_name :
       {k::linear_model::svm, k::linear_model::logistic}) {
    INFO(k::name(model_name));
    const auto exact =
        k::make_linear(model_name, data, 1, {k::penalty_form::l2, strength});
    const auto touch = k::make_linear(model_name, data, 1,
                                      {k::penalty_form::per_feature, strength});
    std::vector<float> w(exact->dimension());
    std::vector<float> v(exact->dimension());

    for (int epoch = 0; epoch < 6; ++epoch) {
      const double step = 0.1 * std::pow(0.7, epoch);
      t::walk(*exact, data, t::all_rows(data), 1, step, w);
      t::walk(*touch, data, t::all_rows(data), 1, step, v);

      INFO("epoch " << epoch + 1);
      REQUIRE(objective_of(*exact, data, v) ==
              Approx(objective_of(*exact, data, w)).epsilon(0.01));
    }
  }
}

TEST_CASE("penalties ignore features that no sample has") {
  const auto data = t::sparse_from({{1, 0, 0}, {1, 2, 0}}, {1, -1}, 3);
  const std::vector<float> w = {1.0F, 2.0F, 4.0F};
  const auto penalty = [&](k::penalty_form form) {
    return k::make_linear(k::linear_model::svm, data, 1, {form, 2.0})
        ->penalty(w.data());
  };

  REQUIRE(penalty(k::penalty_form::l2) == Approx(1 + 4 + 16));
  REQUIRE(penalty(k::penalty_form::per_feature) == Approx(1 + 4));
  // w_0 counts 1 in row 0 and 1/2 in row 1, w_1 counts 1/2 in row 1.
  REQUIRE(penalty(k::penalty_form::per_sample) ==
          Approx(0.5 * (1 + 0.5) * 1 + 0.5 * 0.5 * 4));
}

TEST_CASE("only l2 keeps a scale, and only when it is not 0") {
  const auto data = t::sparse_from({{1, 2}}, {1}, 2);
  const auto shrink = [&](k::regulariser penalty) {
    return k::make_linear(k::linear_model::svm, data, 1, penalty)->shrink(0.5);
  };

  REQUIRE(shrink({k::penalty_form::l2, 0.25}) == 0.875);
  REQUIRE(shrink({k::penalty_form::l2, 0.0}) == 1.0);
  REQUIRE(shrink({k::penalty_form::per_feature, 0.25}) == 1.0);
  REQUIRE(shrink({k::penalty_form::per_sample, 0.25}) == 1.0);
}

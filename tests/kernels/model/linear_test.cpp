#include "kernels/model/linear.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <stdexcept>

#include <catch2/catch.hpp>

#include "tests/support/linear_cases.hpp"

namespace k = sounder::kernels;
namespace t = sounder::tests;

namespace {

constexpr std::size_t rows = 60;
constexpr std::size_t features = 17;
constexpr double l2 = 0.02;

/// Random weights at which no margin is within 1e-3 of a kink.
template <class Real>
void move_off_kinks(t::reference<Real>& model, std::uint64_t seed) {
  k::random_stream random(seed);
  for (bool near = true; near;) {
    near = false;
    for (Real& w : model.w) {
      w = static_cast<Real>(t::coin(random));
    }
    for (std::uint32_t i = 0; i < rows; ++i) {
      for (const Real z : model.scores(i)) {
        near = near || std::abs(std::abs(z) - 1) < 1e-3;
      }
    }
  }
}

std::vector<float> floats(const std::vector<double>& values) {
  return {values.begin(), values.end()};
}

}  // namespace

TEST_CASE("linear: the gradient is the slope of loss plus penalty") {
  constexpr double h = 1e-5;
  // The reference rounds at 1e-16, so its differences err by 1e-11 and by
  // h^2 times third derivatives below 10; add_gradient rounds in float once
  // a row and once a non-zero, and no term exceeds 2.
  constexpr double tolerance = 2.0 * (rows + features) / (1U << 23U);
  for (const auto& c : t::linear_cases(l2)) {
    INFO(text(c));
    const auto data = t::random_problem(c.model, c.layout, rows, features, 1);
    const auto model = k::make_linear(c.model, data, t::classes, c.penalty);
    t::reference<double> plain(c.model, data, c.penalty);
    move_off_kinks(plain, 2);

    std::vector<float> gradient(model->dimension());
    model->add_gradient(data, t::all_rows(data), floats(plain.w).data(),
                        gradient);

    REQUIRE(t::distance(gradient, t::slopes_of_objective(plain, h)) <
            tolerance);
  }
}

TEST_CASE("linear: loss, errors, penalty and predictions are plain sums") {
  for (const auto& c : t::linear_cases(l2)) {
    INFO(text(c));
    const auto data = t::random_problem(c.model, c.layout, rows, features, 3);
    const auto model = k::make_linear(c.model, data, t::classes, c.penalty);
    t::reference<double> plain(c.model, data, c.penalty);
    move_off_kinks(plain, 4);
    const std::vector<float> w = floats(plain.w);
    plain.w.assign(w.begin(), w.end());

    const auto head = model->evaluate(data, 0, 20, w.data());
    auto sums = model->evaluate(data, 20, rows, w.data());
    sums += head;
    std::vector<float> predicted(10 * model->outputs());
    model->predict(data, 30, 40, w.data(), predicted.data());

    std::uint64_t errors = 0;
    for (std::size_t i = 0; i < rows; ++i) {
      errors += plain.is_error(i) ? 1 : 0;
    }
    std::vector<double> scores;
    for (std::size_t i = 30; i < 40; ++i) {
      const auto z = plain.scores(i);
      scores.insert(scores.end(), z.begin(), z.end());
    }
    // A score of m terms below 1 rounds m times; the losses have slope <= 2C.
    constexpr double tolerance =
        2.0 * features * features * t::classes / (1U << 24U);
    REQUIRE(sums.rows == rows);
    REQUIRE(sums.errors == errors);
    REQUIRE(sums.loss / rows == Approx(plain.mean_loss()).margin(tolerance));
    REQUIRE(model->penalty(w.data()) == Approx(plain.penalty()).epsilon(1e-6));
    REQUIRE(t::distance(predicted, scores) < tolerance);
  }
}

TEST_CASE("linear: steps agree with the reference loop") {
  for (const auto& c : t::linear_cases(l2)) {
    for (const std::size_t batch : {1U, 7U, 60U}) {  // 60 = 8 * 7 + 4
      INFO(text(c) << ", batches of " << batch);
      const auto data = t::random_problem(c.model, c.layout, rows, features, 5);
      const auto model = k::make_linear(c.model, data, t::classes, c.penalty);
      t::reference<double> plain(c.model, data, c.penalty);
      std::vector<float> w(model->dimension());

      for (int epoch = 0; epoch < 3; ++epoch) {
        t::walk(*model, data, t::all_rows(data), batch, 0.125, w);
        plain.walk(t::all_rows(data), batch, 0.125);
      }

      REQUIRE(*std::max_element(w.begin(), w.end()) > 0.01F);
      REQUIRE(t::distance(w, plain.w) <= plain.rounding_bound());
    }
  }
}

TEST_CASE("linear: look and write in turn are what steps does") {
  for (const auto& c : t::linear_cases(l2)) {
    for (const std::size_t batch : {1U, 7U}) {
      INFO(text(c) << ", batches of " << batch);
      const auto data = t::random_problem(c.model, c.layout, rows, features, 6);
      const auto model = k::make_linear(c.model, data, t::classes, c.penalty);
      const auto order = t::all_rows(data);
      t::reference<double> plain(c.model, data, c.penalty);
      plain.walk(order, batch, 0.125);
      std::vector<float> fused(model->dimension());
      t::walk(*model, data, order, batch, 0.125, fused);

      std::vector<float> halves(model->dimension());
      k::worker_scratch scratch;
      k::sgd_chunk chunk;
      chunk.data = &data;
      chunk.weights = halves.data();
      chunk.batch_size = batch;
      chunk.step_size = 0.125;
      for (const auto rows_of_it : plain.batches(order, batch)) {
        chunk.rows = rows_of_it;
        if (model->look(chunk, scratch)) {
          model->write(chunk, scratch);
        }
        chunk.scale *= model->shrink(chunk.step_size);
      }
      for (float& x : halves) {
        x *= static_cast<float>(chunk.scale);
      }

      REQUIRE(t::distance(halves, fused) <= plain.rounding_bound());
    }
  }
}

TEST_CASE("linear: a slice trains as a data set of its own") {
  for (const auto& c : t::linear_cases(l2)) {
    INFO(text(c));
    const auto whole = t::random_problem(c.model, c.layout, rows, features, 7);
    const auto part = whole.slice(13, 42);
    const auto model = k::make_linear(c.model, part, t::classes, c.penalty);
    t::reference<double> plain(c.model, part, c.penalty);

    std::vector<float> w(model->dimension());
    t::walk(*model, part, t::all_rows(part), 4, 0.125, w);
    plain.walk(t::all_rows(part), 4, 0.125);

    REQUIRE(t::distance(w, plain.w) <= plain.rounding_bound());
  }
}

TEST_CASE("linear: nothing moves when no margin is short and l2 is 0") {
  // Every margin is 2: the hinge is flat there.
  const auto data = t::sparse_from({{2, 0}, {0, -2}}, {1, -1}, 2);
  const auto model = k::make_linear(k::linear_model::svm, data, 1, {});
  std::vector<float> w = {1.0F, 1.0F};

  t::walk(*model, data, t::all_rows(data), 1, 1.0, w);

  REQUIRE(w == std::vector<float>{1.0F, 1.0F});
  REQUIRE(model->evaluate(data, 0, 2, w.data()).loss == 0.0);
}

TEST_CASE("linear: at the safe step least squares settles, at 3x it explodes") {
  const double strength = 0.5;
  for (const auto form : t::forms) {
    // One sample: a step multiplies the error along x by
    // 1 - step * (|x|^2 + rate), which is 0 at the safe step of l2.
    const auto data = t::dense_from({{3.0F, 4.0F}}, {5.0F}, 2);
    const auto model = k::make_linear(k::linear_model::least_squares, data, 1,
                                      {form, strength});
    const double safe = model->safe_step(data);
    std::vector<float> calm(2);
    std::vector<float> wild(2);

    for (int step = 0; step < 100; ++step) {
      t::walk(*model, data, t::all_rows(data), 1, safe, calm);
      t::walk(*model, data, t::all_rows(data), 1, 3 * safe, wild);
    }

    REQUIRE(safe > 0.0);
    REQUIRE(std::abs(calm[0]) < 1.0F);
    REQUIRE_FALSE(std::abs(wild[0]) < 1e6F);
  }
}

TEST_CASE("linear: a rare feature lowers the safe step of per-feature decay") {
  // Feature 1 occurs once in 64 rows, so a touch shrinks it by 64 step l2.
  t::table x(64, {0.125F, 0.0F});
  x[0][1] = 0.125F;
  const auto data = t::sparse_from(x, std::vector<float>(64, 1.0F), 2);
  const auto model = k::make_linear(k::linear_model::least_squares, data, 1,
                                    {k::penalty_form::per_feature, 1.0});

  REQUIRE(model->safe_step(data) <= 1.0 / 64);
}

TEST_CASE("linear: what was learned of all samples goes with a description") {
  const auto all = t::sparse_from({{1, 0}, {1, 1}, {1, 0}}, {1, -1, 1}, 2);
  const auto some = all.slice(0, 1);
  const auto of = [](const k::dataset& data) {
    return k::make_linear(k::linear_model::svm, data, 1,
                          {k::penalty_form::per_feature, 0.5});
  };

  REQUIRE(of(all)->learned() == std::vector<float>{0.5F, 1.5F});
  REQUIRE(of(some)->learned() == std::vector<float>{0.5F, 0.0F});
  const auto made =
      k::make_described(of(all)->describe(), some, of(all)->learned());
  REQUIRE(made->learned() == of(all)->learned());
  REQUIRE(made->shrinking_rate() == 1.5);
  REQUIRE_THROWS_AS(k::make_described(of(all)->describe(), some, {0.5F}),
                    std::invalid_argument);
}

TEST_CASE("linear: a safe step is known only for losses with a curvature") {
  const auto data = t::sparse_from({{3, 4}}, {1}, 2);
  const auto safe = [&](k::linear_model model) {
    return k::make_linear(model, data, t::classes, {})->safe_step(data);
  };

  REQUIRE(safe(k::linear_model::svm) == 0.0);
  REQUIRE(safe(k::linear_model::one_against_rest) == 0.0);
  REQUIRE(safe(k::linear_model::logistic) == Approx(4.0 / 25));
  REQUIRE(safe(k::linear_model::softmax) == Approx(2.0 / 25));
  REQUIRE(safe(k::linear_model::least_squares) == Approx(1.0 / 25));
}

TEST_CASE("linear: models go by their names") {
  for (const auto model : t::models) {
    REQUIRE(k::linear_model_by_name(k::name(model)) == model);
  }
  REQUIRE_FALSE(k::linear_model_by_name("perceptron"));
  REQUIRE(k::is_multi_class(k::linear_model::softmax));
  REQUIRE_FALSE(k::is_multi_class(k::linear_model::svm));
  REQUIRE_FALSE(k::is_classifier(k::linear_model::least_squares));
}

TEST_CASE("linear: a strength that is no strength is refused") {
  const auto data = t::sparse_from({{1, 2}}, {1}, 2);
  const auto with = [&](double strength) {
    return k::make_linear(k::linear_model::svm, data, 1,
                          {k::penalty_form::l2, strength});
  };

  REQUIRE_THROWS_AS(with(-1.0), std::invalid_argument);
  REQUIRE_THROWS_AS(with(std::numeric_limits<double>::infinity()),
                    std::invalid_argument);
  REQUIRE_THROWS_AS(with(std::numeric_limits<double>::quiet_NaN()),
                    std::invalid_argument);
  REQUIRE_THROWS_WITH(with(-0.25), Catch::Contains("l2 is -0.25"));
}

// What the weights of samples and classes do to linear models.

#include <algorithm>
#include <cmath>
#include <stdexcept>
#include <vector>

#include <catch2/catch.hpp>

#include "kernels/data/split.hpp"
#include "kernels/model/linear.hpp"
#include "tests/support/linear_cases.hpp"

namespace k = sounder::kernels;
namespace t = sounder::tests;

namespace {

constexpr std::size_t rows = 60;
constexpr std::size_t features = 17;
constexpr double l2 = 0.02;

const std::vector<float> uneven = {0.5F, 3.0F, 1.0F};  // of three classes

/// A quarter of the rows count nothing, the others 0.5 to 2.
k::dataset weighted(const k::dataset& data, std::uint64_t seed) {
  k::random_stream random(seed);
  std::vector<float> weights(data.rows());
  for (float& c : weights) {
    c = 0.5F *
        static_cast<float>(random.below(4) == 0 ? 0 : 1 + random.below(4));
  }
  return data.with_weights(std::move(weights));
}

k::dataset weighted_problem(const t::linear_case& c, std::uint64_t seed) {
  return weighted(t::random_problem(c.model, c.layout, rows, features, seed),
                  seed + 100);
}

std::vector<float> class_weights_for(k::linear_model model) {
  return model == k::linear_model::one_against_rest ? uneven
                                                    : std::vector<float>{};
}

std::vector<float> random_weights(std::size_t n, std::uint64_t seed) {
  k::random_stream random(seed);
  std::vector<float> w(n);
  for (float& x : w) {
    x = t::coin(random);
  }
  return w;
}

}  // namespace

TEST_CASE("weights: the gradient is the mean of weighted slopes") {
  // One rounding a row and a non-zero, of terms below 2 * 2 * 3.
  constexpr double tolerance = 12.0 * (rows + features) / (1U << 23U);
  for (const auto& c : t::linear_cases(l2)) {
    INFO(text(c));
    const auto data = weighted_problem(c, 1);
    const auto model = k::make_linear(c.model, data, t::classes, c.penalty,
                                      class_weights_for(c.model));
    t::reference<double> plain(c.model, data, c.penalty,
                               class_weights_for(c.model));
    const std::vector<float> w = random_weights(model->dimension(), 2);
    plain.w.assign(w.begin(), w.end());

    std::vector<float> gradient(model->dimension());
    model->add_gradient(data, t::all_rows(data), w.data(), gradient);

    // A step of the reference on all rows moves by that gradient; the forms
    // that shrink sample by sample differ from it in the second order.
    constexpr double step = 1e-6;
    plain.write(plain.look(t::all_rows(data)), step);
    std::vector<double> moved;
    for (std::size_t j = 0; j < w.size(); ++j) {
      moved.push_back((static_cast<double>(w[j]) - plain.w[j]) / step);
    }
    REQUIRE(t::distance(gradient, moved) < tolerance + 100.0 * step);
  }
}

TEST_CASE("weights: a gradient is the slope of the weighted loss") {
  constexpr double h = 1e-5;
  constexpr double tolerance = 1e-4;
  for (const auto model :
       {k::linear_model::logistic, k::linear_model::least_squares,
        k::linear_model::softmax}) {  // no kinks
    const t::linear_case c{model, k::layout::sparse, {k::penalty_form::l2, l2}};
    INFO(text(c));
    const auto data = weighted_problem(c, 3);
    const auto made = k::make_linear(model, data, t::classes, c.penalty);
    t::reference<double> plain(model, data, c.penalty);
    const std::vector<float> w = random_weights(made->dimension(), 4);
    plain.w.assign(w.begin(), w.end());

    std::vector<float> gradient(made->dimension());
    made->add_gradient(data, t::all_rows(data), w.data(), gradient);

    REQUIRE(t::distance(gradient, t::slopes_of_objective(plain, h)) <
            tolerance);
  }
}

TEST_CASE("weights: the loss is weighted, errors are counted") {
  for (const auto& c : t::linear_cases(l2)) {
    INFO(text(c));
    const auto data = weighted_problem(c, 5);
    const auto model = k::make_linear(c.model, data, t::classes, c.penalty,
                                      class_weights_for(c.model));
    t::reference<double> plain(c.model, data, c.penalty,
                               class_weights_for(c.model));
    const std::vector<float> w = random_weights(model->dimension(), 6);
    plain.w.assign(w.begin(), w.end());

    auto sums = model->evaluate(data, 0, 20, w.data());
    sums += model->evaluate(data, 20, rows, w.data());
    const auto unweighted =
        model->evaluate(data.with_weights({}), 0, rows, w.data());

    constexpr double tolerance =
        6.0 * features * features * t::classes / (1U << 24U);
    REQUIRE(sums.rows == rows);
    REQUIRE(sums.errors == unweighted.errors);
    REQUIRE(sums.loss / rows == Approx(plain.mean_loss()).margin(tolerance));
  }
}

TEST_CASE("weights: steps agree with the reference loop") {
  for (const auto& c : t::linear_cases(l2)) {
    for (const std::size_t batch : {1U, 7U}) {
      INFO(text(c) << ", batches of " << batch);
      const auto data = weighted_problem(c, 7);
      const auto model = k::make_linear(c.model, data, t::classes, c.penalty,
                                        class_weights_for(c.model));
      t::reference<double> plain(c.model, data, c.penalty,
                                 class_weights_for(c.model));
      std::vector<float> w(model->dimension());

      for (int epoch = 0; epoch < 3; ++epoch) {
        t::walk(*model, data, t::all_rows(data), batch, 0.0625, w);
        plain.walk(t::all_rows(data), batch, 0.0625);
      }

      REQUIRE(*std::max_element(w.begin(), w.end()) > 0.01F);
      REQUIRE(t::distance(w, plain.w) <= plain.rounding_bound());
    }
  }
}

TEST_CASE("weights: look and write in turn are what steps does") {
  for (const auto& c : t::linear_cases(l2)) {
    INFO(text(c));
    const auto data = weighted_problem(c, 8);
    const auto model = k::make_linear(c.model, data, t::classes, c.penalty);
    t::reference<double> plain(c.model, data, c.penalty);
    plain.walk(t::all_rows(data), 1, 0.0625);

    std::vector<float> halves(model->dimension());
    const auto order = t::all_rows(data);
    k::worker_scratch scratch;
    k::sgd_chunk chunk;
    chunk.data = &data;
    chunk.weights = halves.data();
    chunk.step_size = 0.0625;
    for (const auto row : plain.batches(order, 1)) {
      chunk.rows = row;
      if (model->look(chunk, scratch)) {
        model->write(chunk, scratch);
      }
      chunk.scale *= model->shrink(chunk.step_size);
    }

    for (float& x : halves) {
      x *= static_cast<float>(chunk.scale);
    }
    REQUIRE(t::distance(halves, plain.w) <= plain.rounding_bound());
  }
}

TEST_CASE("weights: a whole number is the row so many times") {
  for (const auto model : t::models) {
    for (const auto layout : t::layouts) {
      const t::linear_case c{model, layout, {}};
      INFO(text(c));
      const auto once = t::random_problem(model, layout, rows, features, 9);
      std::vector<float> times(rows);
      std::vector<std::uint32_t> repeated;
      for (std::uint32_t i = 0; i < rows; ++i) {
        times[i] = static_cast<float>(i % 4);
        repeated.insert(repeated.end(), i % 4, i);
      }
      const auto data = once.with_weights(times);
      const auto many = k::select_rows(once, repeated);
      const auto made = k::make_linear(model, once, t::classes, {});
      const std::vector<float> w = random_weights(made->dimension(), 10);

      const auto sums = made->evaluate(data, 0, rows, w.data());
      const auto all = made->evaluate(many, 0, many.rows(), w.data());
      std::vector<float> mean(made->dimension());
      made->add_gradient(data, t::all_rows(data), w.data(), mean);
      std::vector<float> mean_of_many(made->dimension());
      made->add_gradient(many, t::all_rows(many), w.data(), mean_of_many);

      for (float& g : mean_of_many) {
        g *= static_cast<float>(many.rows()) / static_cast<float>(rows);
      }
      REQUIRE(sums.loss == Approx(all.loss).epsilon(1e-6));
      // Some 90 roundings of terms whose mean is below 4.
      REQUIRE(t::distance(mean, mean_of_many) < 4.0 * 90 / (1U << 23U));
    }
  }
}

TEST_CASE("weights: the safe step is by the heaviest row") {
  const auto data =
      t::sparse_from({{3, 4}, {1, 0}}, {1, -1}, 2).with_weights({0.5F, 20.0F});

  const auto model =
      k::make_linear(k::linear_model::least_squares, data, 1, {});

  REQUIRE(model->safe_step(data) == Approx(1.0 / 20));
}

TEST_CASE("weights: those of classes go with the description") {
  const auto data = t::random_problem(k::linear_model::one_against_rest,
                                      k::layout::sparse, rows, features, 11);
  const auto model = k::make_linear(k::linear_model::one_against_rest, data, 3,
                                    {k::penalty_form::l2, l2}, uneven);

  const auto made = k::make_described(model->describe(), data);

  const std::vector<float> w = random_weights(model->dimension(), 12);
  REQUIRE(made->describe() == model->describe());
  REQUIRE(made->evaluate(data, 0, rows, w.data()).loss ==
          model->evaluate(data, 0, rows, w.data()).loss);
}

TEST_CASE("weights: those that are not of the classes are refused") {
  const auto data = t::sparse_from({{1, 2}}, {1}, 2);
  const auto with = [&](k::linear_model model, std::vector<float> weights) {
    return k::make_linear(model, data, 3, {}, std::move(weights));
  };

  REQUIRE_THROWS_AS(with(k::linear_model::one_against_rest, {1, 2}),
                    std::invalid_argument);
  REQUIRE_THROWS_AS(with(k::linear_model::one_against_rest, {1, 2, -1}),
                    std::invalid_argument);
  REQUIRE_THROWS_AS(with(k::linear_model::softmax, {1, 2, 3}),
                    std::invalid_argument);
}

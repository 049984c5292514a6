#include <cmath>
#include <numeric>

#include <catch2/catch.hpp>

#include "kernels/step/with_optimizer.hpp"
#include "tests/support/known_minimiser.hpp"

namespace k = sounder::kernels;
namespace t = sounder::tests;

namespace {

constexpr std::size_t features = 5;
constexpr std::size_t rows = 40;
constexpr double eta = 0.05;

/// The rule in a plain loop, in double, one sample a step.
std::vector<double> reference(const t::known_minimiser& problem,
                              const k::optimizer& rule) {
  std::vector<double> w(features, 0.0);
  std::vector<double> v(features, 0.0);
  std::vector<double> u(features, 0.0);
  const auto x = problem.data().floats();
  for (std::size_t i = 0; i < rows; ++i) {
    std::vector<double> at = w;
    if (rule.kind == k::optimizer_kind::nesterov) {
      for (std::size_t j = 0; j < features; ++j) {
        at[j] += rule.momentum * v[j];
      }
    }
    double residual = -static_cast<double>(problem.data().labels()[i]);
    for (std::size_t j = 0; j < features; ++j) {
      residual += at[j] * static_cast<double>(x.value[i * features + j]);
    }
    const double step = static_cast<double>(i + 1);
    for (std::size_t j = 0; j < features; ++j) {
      const double g =
          residual * static_cast<double>(x.value[i * features + j]);
      w[j] *= 1.0 - eta * rule.weight_decay;
      if (rule.kind == k::optimizer_kind::adam) {
        v[j] = rule.momentum * v[j] + (1.0 - rule.momentum) * g;
        u[j] = rule.beta * u[j] + (1.0 - rule.beta) * g * g;
        const double m = v[j] / (1.0 - std::pow(rule.momentum, step));
        const double s = u[j] / (1.0 - std::pow(rule.beta, step));
        w[j] -= eta * m / (std::sqrt(s) + rule.epsilon);
      } else {
        const double delta =
            rule.kind == k::optimizer_kind::sgd ? 0.0 : rule.momentum;
        v[j] = delta * v[j] - eta * g;
        w[j] += v[j];
      }
    }
  }
  return w;
}

std::vector<float> stepped(const t::known_minimiser& problem,
                           const k::optimizer& rule) {
  const auto model = k::with_optimizer(problem.objective(), rule);
  std::vector<float> w(features, 0.0F);
  std::vector<std::uint32_t> order(rows);
  std::iota(order.begin(), order.end(), 0U);
  k::worker_scratch scratch;
  k::optimizer_state state(rule, features);
  k::sgd_chunk chunk;
  chunk.optimizer = &state;
  chunk.data = &problem.data();
  chunk.rows = order;
  chunk.weights = w.data();
  chunk.step_size = eta;
  model->steps(chunk, scratch);
  return w;
}

}  // namespace

TEST_CASE("optimizers: agree with the plain loop") {
  const t::known_minimiser problem(rows, features, 5);
  for (const auto kind :
       {k::optimizer_kind::sgd, k::optimizer_kind::momentum,
        k::optimizer_kind::nesterov, k::optimizer_kind::adam}) {
    for (const double decay : {0.0, 0.1}) {
      k::optimizer rule;
      rule.kind = kind;
      rule.momentum = 0.7;
      rule.weight_decay = decay;
      INFO("kind " << static_cast<int>(kind) << ", decay " << decay);

      const auto expected = reference(problem, rule);
      const auto found = stepped(problem, rule);

      for (std::size_t j = 0; j < features; ++j) {
        REQUIRE(static_cast<double>(found[j]) ==
                Approx(expected[j]).epsilon(1e-4).margin(1e-5));
      }
    }
  }
}

TEST_CASE("optimizers: without momentum and decay the objective is itself") {
  const t::known_minimiser problem(8, features, 1);
  const auto plain = problem.objective();
  k::optimizer rule;
  rule.kind = k::optimizer_kind::nesterov;
  rule.momentum = 0.0;

  REQUIRE(k::with_optimizer(plain, rule) == plain);
}

TEST_CASE("optimizers: senseless numbers are refused") {
  const t::known_minimiser problem(8, features, 1);
  k::optimizer rule;
  rule.momentum = 1.0;

  REQUIRE_THROWS_AS(k::with_optimizer(problem.objective(), rule),
                    std::invalid_argument);
}

TEST_CASE("optimizers: each name stands for its kind") {
  for (const auto& [kind, name] : k::optimizer_names) {
    INFO(name);
    CHECK(k::optimizer_by_name(name) == kind);
    CHECK(k::name(kind) == name);
  }
  CHECK_FALSE(k::optimizer_by_name("two-stage").has_value());
  CHECK_FALSE(k::optimizer_by_name("").has_value());
}

TEST_CASE("optimizers: the state is what the kind keeps") {
  for (const auto& [kind, name] : k::optimizer_names) {
    INFO(name);
    k::optimizer rule;
    rule.kind = kind;

    const k::optimizer_state state(rule, features);

    CHECK(state.v.empty() == (kind == k::optimizer_kind::sgd));
    CHECK(state.u.empty() == (kind != k::optimizer_kind::adam));
  }
}

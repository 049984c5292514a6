#include "kernels/model/objective.hpp"

#include <cmath>

#include <catch2/catch.hpp>

#include "kernels/model/linear_kernel.hpp"
#include "tests/support/linear_cases.hpp"

namespace k = sounder::kernels;
namespace t = sounder::tests;

namespace {

/// sqrt(1 + (z - y)^2) - 1: square near the target, straight far from it.
struct pseudo_huber {
  static constexpr bool classifies = false;
  static constexpr float curvature = 1.0F;
  static float value(float z, float y) noexcept {
    return std::sqrt(1.0F + (z - y) * (z - y)) - 1.0F;
  }
  static float slope(float z, float y) noexcept {
    return (z - y) / std::sqrt(1.0F + (z - y) * (z - y));
  }
};

/// Mean of |w - x_i|^2 / 2: its minimiser is the mean of the rows. Knows only
/// what an objective must.
class centre : public k::objective {
 public:
  explicit centre(std::size_t features) : features_(features) {}

  std::size_t dimension() const noexcept override { return features_; }
  void add_gradient(const k::dataset& data, std::span<const std::uint32_t> rows,
                    const float* w, std::span<float> gradient) const override {
    const float share = 1.0F / static_cast<float>(rows.size());
    for (const std::uint32_t i : rows) {
      for (std::size_t j = 0; j < features_; ++j) {
        gradient[j] += share * (w[j] - data.floats().value[i * features_ + j]);
      }
    }
  }
  k::loss_sums evaluate(const k::dataset&, std::size_t first, std::size_t last,
                        const float*) const override {
    return {0.0, 0, last - first};
  }
  void predict(const k::dataset&, std::size_t, std::size_t, const float*,
               float*) const override {}

 private:
  std::size_t features_;
};

}  // namespace

TEST_CASE("objective: a loss of your own trains on every layout and penalty") {
  for (const auto layout : t::layouts) {
    for (const auto form : t::forms) {
      const t::linear_case c{
          k::linear_model::least_squares, layout, {form, 1e-3}};
      INFO(text(c));
      const auto data = t::random_problem(c.model, layout, 100, 10, 1);
      const k::linear_objective<pseudo_huber> model(data, c.penalty);
      std::vector<float> w(model.dimension());
      std::vector<float> gradient(model.dimension());

      for (int epoch = 0; epoch < 300; ++epoch) {
        t::walk(model, data, t::all_rows(data), 100, 0.5, w);
      }
      model.add_gradient(data, t::all_rows(data), w.data(), gradient);

      // Full-batch descent on a smooth convex loss: at rest, no gradient.
      REQUIRE(t::distance(gradient, std::vector<float>(10)) < 1e-3);
    }
  }
}

TEST_CASE("objective: a gradient alone is enough to step") {
  const auto data =
      t::dense_from({{0, 8}, {4, 0}, {8, 4}, {4, 4}}, {0, 0, 0, 0}, 2);
  const centre model(2);
  std::vector<float> one(2);
  std::vector<float> batch(2);

  t::walk(model, data, t::all_rows(data), 1, 0.5, one);
  t::walk(model, data, t::all_rows(data), 4, 1.0, batch);

  // w <- (w + x_i) / 2, row by row; the whole batch at step 1 is the mean.
  REQUIRE(one == std::vector<float>{4.5F, 3.5F});
  REQUIRE(batch == std::vector<float>{4.0F, 4.0F});
}

TEST_CASE("objective: look leaves the weights alone, write moves them") {
  const auto data = t::dense_from({{2, 4}}, {0}, 2);
  const centre model(2);
  const std::vector<std::uint32_t> rows = {0};
  std::vector<float> w(2);
  k::worker_scratch scratch;
  k::sgd_chunk batch;
  batch.data = &data;
  batch.rows = rows;
  batch.weights = w.data();
  batch.step_size = 0.5;

  REQUIRE(model.look(batch, scratch));
  REQUIRE(w == std::vector<float>{0.0F, 0.0F});

  model.write(batch, scratch);
  REQUIRE(w == std::vector<float>{1.0F, 2.0F});
}

TEST_CASE("objective: what is not overridden claims nothing") {
  const auto data = t::dense_from({{2, 4}}, {0}, 2);
  const centre model(2);
  std::vector<float> w = {1.0F, 1.0F};

  model.initialise(w, 7);

  REQUIRE(w == std::vector<float>{0.0F, 0.0F});
  REQUIRE(model.outputs() == 1);
  REQUIRE(model.shrink(0.5) == 1.0);
  REQUIRE(model.penalty(w.data()) == 0.0);
  REQUIRE(model.popular_head() == 0);
  REQUIRE(model.safe_step(data) == 0.0);
}

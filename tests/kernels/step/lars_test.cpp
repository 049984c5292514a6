// LARS against its formula by hand, and what it does not depend on.

#include <cmath>
#include <numeric>

#include <catch2/catch.hpp>

#include "kernels/step/with_optimizer.hpp"
#include "tests/support/problems.hpp"

namespace k = sounder::kernels;
namespace t = sounder::tests;

namespace {

/// Two blocks that lie interleaved, (0, 2) and (1, 3), and everywhere the
/// gradient that the test wrote down.
class sloped : public k::objective {
 public:
  explicit sloped(std::vector<float> gradient)
      : gradient_(std::move(gradient)) {}

  std::size_t dimension() const noexcept override { return 4; }
  std::vector<k::parameter_block> blocks() const override {
    return {{"even", 0, 2, 2}, {"odd", 1, 2, 2}};
  }
  void add_gradient(const k::dataset&, std::span<const std::uint32_t>,
                    const float*, std::span<float> gradient) const override {
    for (std::size_t j = 0; j < gradient.size(); ++j) {
      gradient[j] += gradient_[j];
    }
  }
  k::loss_sums evaluate(const k::dataset&, std::size_t, std::size_t,
                        const float*) const override {
    return {};
  }
  void predict(const k::dataset&, std::size_t, std::size_t, const float*,
               float*) const override {}

 private:
  std::vector<float> gradient_;
};

k::optimizer lars(double trust, double momentum, double decay) {
  k::optimizer rule;
  rule.kind = k::optimizer_kind::lars;
  rule.trust = trust;
  rule.momentum = momentum;
  rule.weight_decay = decay;
  return rule;
}

/// w after `steps` steps.
std::vector<float> stepped(const std::shared_ptr<const k::objective>& model,
                           const k::optimizer& rule, std::vector<float> w,
                           double step_size, std::size_t steps = 1) {
  const auto data = t::dense_from(t::table(1, {1.0F}), {0.0F}, 1);
  const auto ruled = k::with_optimizer(model, rule);
  const std::vector<std::uint32_t> rows(steps, 0U);
  k::worker_scratch scratch;
  k::optimizer_state state(rule, w.size());
  k::sgd_chunk chunk;
  chunk.optimizer = &state;
  chunk.data = &data;
  chunk.rows = rows;
  chunk.weights = w.data();
  chunk.step_size = step_size;
  ruled->steps(chunk, scratch);
  return w;
}

double length(float a, float b) {
  return std::hypot(static_cast<double>(a), static_cast<double>(b));
}

}  // namespace

TEST_CASE("lars: the first step of two blocks is that of the formula") {
  const std::vector<float> w = {3, 5, 4, 12};  // |w| = 5 and 13
  const std::vector<float> g = {6, 0, 8, 2};   // |g| = 10 and 2
  const auto model = std::make_shared<sloped>(g);
  // 0.5 * 5 / (10 + 0.2 * 5) and 0.5 * 13 / (2 + 0.2 * 13)
  const double rate[] = {2.5 / 11.0, 6.5 / 4.6};

  const auto found = stepped(model, lars(0.5, 0.9, 0.2), w, 0.1);

  for (std::size_t j = 0; j < 4; ++j) {
    const double expected =
        static_cast<double>(w[j]) -
        0.1 * rate[j % 2] *
            (static_cast<double>(g[j]) + 0.2 * static_cast<double>(w[j]));
    CHECK(static_cast<double>(found[j]) == Approx(expected).epsilon(1e-6));
  }
}

TEST_CASE("lars: the momentum carries the step before on") {
  const std::vector<float> w = {3, 5, 4, 12};
  const auto model = std::make_shared<sloped>(std::vector<float>{6, 0, 8, 2});
  const auto rule = lars(0.5, 0.75, 0.0);

  const auto once = stepped(model, rule, w, 0.1);
  const auto twice = stepped(model, rule, w, 0.1, 2);
  const auto anew = stepped(model, rule, once, 0.1);

  for (std::size_t j = 0; j < 4; ++j) {
    CHECK(twice[j] == Approx(anew[j] + 0.75F * (once[j] - w[j])).epsilon(1e-5));
  }
}

TEST_CASE("lars: without decay a step is gamma * trust * |w| long") {
  const std::vector<float> w = {3, 5, 4, 12};
  for (const float size : {1e-3F, 1.0F, 1e3F}) {
    const auto model = std::make_shared<sloped>(
        std::vector<float>{6 * size, size, -8 * size, 2 * size});

    const auto found = stepped(model, lars(0.01, 0.0, 0.0), w, 0.5);

    CHECK(length(found[0] - w[0], found[2] - w[2]) ==
          Approx(0.5 * 0.01 * 5).epsilon(1e-4));
    CHECK(length(found[1] - w[1], found[3] - w[3]) ==
          Approx(0.5 * 0.01 * 13).epsilon(1e-4));
  }
}

TEST_CASE("lars: a block of length 0 takes a plain step") {
  const auto model = std::make_shared<sloped>(std::vector<float>{1, 1, 2, 3});

  const auto found = stepped(model, lars(0.001, 0.0, 0.0), {0, 3, 0, 4}, 0.5);

  CHECK(found[0] == -0.5F);
  CHECK(found[2] == -1.0F);
  CHECK(length(found[1] - 3, found[3] - 4) ==
        Approx(0.5 * 0.001 * 5).epsilon(1e-2));
}

TEST_CASE("lars: a gradient of 0 leaves a block to the decay at rate 1") {
  const auto model = std::make_shared<sloped>(std::vector<float>(4, 0.0F));

  const auto found = stepped(model, lars(0.001, 0.0, 0.5), {1, 2, 3, 4}, 0.5);

  CHECK(found == std::vector<float>{0.75F, 1.5F, 2.25F, 3.0F});
}

TEST_CASE("lars: without momentum it is not the plain step") {
  const auto model = std::make_shared<sloped>(std::vector<float>(4, 1.0F));

  CHECK(k::with_optimizer(model, lars(0.001, 0.0, 0.0)) != model);
}

TEST_CASE("lars: a trust that is not positive is refused") {
  const auto model = std::make_shared<sloped>(std::vector<float>(4, 1.0F));
  for (const double trust : {0.0, -1.0, std::nan("")}) {
    CHECK_THROWS_WITH(k::with_optimizer(model, lars(trust, 0.9, 0.0)),
                      "the trust must be positive");
  }
}

TEST_CASE("blocks: every parameter is in one, a block a class") {
  for (const auto name : t::models) {
    const auto data = t::random_problem(name, k::layout::sparse, 9, 5, 1);
    const auto plain = k::make_linear(name, data, t::classes, {});
    for (const auto& model : {plain, k::with_optimizer(plain, lars(1, 0, 0))}) {
      INFO(k::name(name));

      std::vector<int> owners(model->dimension());
      const auto blocks = model->blocks();
      for (const k::parameter_block& block : blocks) {
        for (std::size_t i = 0; i < block.count; ++i) {
          ++owners.at(block.first + i * block.stride);
        }
      }

      CHECK(owners == std::vector<int>(model->dimension(), 1));
      const bool has_classes = k::is_multi_class(name);
      CHECK(blocks.size() == (has_classes ? t::classes : 1));
      CHECK(blocks.back().name == (has_classes ? "class 2" : "all"));
    }
  }
}

TEST_CASE("blocks: those of a class are what its score depends on") {
  const auto name = k::linear_model::softmax;
  const auto data = t::random_problem(name, k::layout::dense_float, 9, 5, 1);
  const auto model = k::make_linear(name, data, t::classes, {});
  for (std::size_t c = 0; c < t::classes; ++c) {
    const k::parameter_block block = model->blocks()[c];
    std::vector<float> w(model->dimension());
    for (std::size_t i = 0; i < block.count; ++i) {
      w[block.first + i * block.stride] = 1.0F;
    }
    std::vector<float> scores(data.rows() * t::classes);

    model->predict(data, 0, data.rows(), w.data(), scores.data());

    for (std::size_t s = 0; s < scores.size(); ++s) {
      CHECK((s % t::classes == c || scores[s] == 0.0F));
    }
  }
}

#include "actors/replica/evaluation.hpp"

#include <limits>
#include <thread>

#include <catch2/catch.hpp>

#include "tests/support/training.hpp"

namespace a = sounder::actors;
namespace k = sounder::kernels;
namespace t = sounder::tests;

namespace {

a::parameters_ptr shared(std::vector<float> w) {
  return std::make_shared<const std::vector<float>>(std::move(w));
}

a::evaluation_result evaluated(a::evaluation& work) {
  a::worker_slot slot;
  while (work.work(slot)) {
  }
  return work.result();
}

}  // namespace

TEST_CASE("evaluation: sums are those of one walk over each set") {
  const auto name = k::linear_model::logistic;
  const auto train = t::random_problem(name, k::layout::sparse, 300, 9, 1);
  const auto test = t::random_problem(name, k::layout::sparse, 70, 9, 2);
  const auto model = k::make_linear(name, train, 1, {k::penalty_form::l2, 0.5});
  const auto w = shared(std::vector<float>(9, 0.5F));

  a::evaluation work(model, train, test, w);
  const auto found = evaluated(work);

  REQUIRE(found.train.rows == 300);
  REQUIRE(found.test.rows == 70);
  REQUIRE(found.train.loss ==
          Approx(model->evaluate(train, 0, 300, w->data()).loss));
  REQUIRE(found.test.errors == model->evaluate(test, 0, 70, w->data()).errors);
  REQUIRE(found.penalty == Approx(0.25 * 9 * 0.25));
  REQUIRE(found.is_finite);
}

TEST_CASE("evaluation: without a test set there are no test rows") {
  a::evaluation work(std::make_shared<t::tally>(1), t::blank(10), {},
                     shared({1.0F}));

  const auto found = evaluated(work);

  REQUIRE(found.train.rows == 10);
  REQUIRE(found.test.rows == 0);
  REQUIRE(found.is_finite);
}

TEST_CASE("evaluation: a weight that is not finite shows whatever the loss") {
  // max(0, 1 - NaN) is 0 for the hinge, and feature 1 occurs in no row.
  const auto data = t::sparse_from({{1, 0}}, {1}, 2);
  const auto model = k::make_linear(k::linear_model::svm, data, 1, {});
  const auto is_finite = [&](float first, float second) {
    a::evaluation work(model, data, {}, shared({first, second}));
    return evaluated(work).is_finite;
  };
  constexpr float nan = std::numeric_limits<float>::quiet_NaN();
  constexpr float inf = std::numeric_limits<float>::infinity();

  REQUIRE(is_finite(2, 3));
  REQUIRE_FALSE(is_finite(nan, 3));
  REQUIRE_FALSE(is_finite(2, nan));
  REQUIRE_FALSE(is_finite(inf, 3));
  REQUIRE_FALSE(is_finite(2, -inf));
}

TEST_CASE("evaluation: blocks are whole batches of the objective's") {
  class of_64 : public t::tally {
   public:
    of_64() : tally(1) {}
    std::size_t evaluation_batch() const noexcept override { return 64; }
    k::loss_sums evaluate(const k::dataset& data, std::size_t first,
                          std::size_t last, const float*) const override {
      const bool is_whole =
          first % 64 == 0 && (last % 64 == 0 || last == data.rows());
      return {0.0, is_whole ? 0U : 1U, last - first};
    }
  };
  // 10,000 values a row: a block by its values alone would have 6 rows.
  const auto wide = t::dense_from(t::table(200, std::vector<float>(10'000)),
                                  std::vector<float>(200), 10'000);
  a::evaluation work(std::make_shared<of_64>(), wide, {}, shared({1.0F}));

  const auto found = evaluated(work);

  REQUIRE(found.train.rows == 200);
  REQUIRE(found.train.errors == 0);
}

TEST_CASE("evaluation: threads find the bits that one finds", "[stress]") {
  const auto name = k::linear_model::softmax;
  const auto data =
      t::random_problem(name, k::layout::dense_byte, 20'000, 40, 3);
  const auto model = k::make_linear(name, data, t::classes, {});
  const auto w = shared(std::vector<float>(model->dimension(), 0.25F));
  a::evaluation alone(model, data, data.slice(0, 5000), w);
  a::evaluation together(model, data, data.slice(0, 5000), w);
  const auto expected = evaluated(alone);
  {
    std::vector<std::jthread> threads;
    for (int n = 0; n < 4; ++n) {
      threads.emplace_back([&] {
        a::worker_slot slot;
        while (together.work(slot)) {
        }
      });
    }
  }

  REQUIRE(together.result().train.loss == expected.train.loss);
  REQUIRE(together.result().test.loss == expected.test.loss);
  REQUIRE(together.result().train.rows == 20'000);
}

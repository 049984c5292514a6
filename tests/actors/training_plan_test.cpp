#include "actors/plan/training_plan.hpp"

#include <algorithm>
#include <cmath>
#include <limits>

#include <catch2/catch.hpp>

#include "tests/support/training.hpp"

namespace a = sounder::actors;
namespace k = sounder::kernels;
namespace p = sounder::topology;
namespace t = sounder::tests;

namespace {

using problems = std::vector<std::string>;

a::training_plan fine_plan() {
  return t::plan_of(std::make_shared<t::tally>(1), p::hogwild(2), 3);
}

bool mentions(const problems& found, const std::string& words) {
  return std::any_of(found.begin(), found.end(), [&](const auto& text) {
    return text.find(words) != std::string::npos;
  });
}

}  // namespace

TEST_CASE("optimizers: graphs and kernels have the same names") {
  REQUIRE(p::optimizers.size() == k::optimizer_names.size());
  for (std::size_t n = 0; n < p::optimizers.size(); ++n) {
    CHECK(p::optimizers[n] == k::optimizer_names[n].second);
  }
}

TEST_CASE("validate: a plan that is fine has no problems") {
  REQUIRE(a::validate(fine_plan(), t::blank(10), t::blank(5)).empty());
  REQUIRE(a::validate(fine_plan(), t::blank(10), {}).empty());
}

TEST_CASE("validate: all problems are listed at once") {
  a::training_plan plan;
  plan.graph.replicas[0].workers = 0;
  plan.epochs = 0;
  plan.batch_size = 0;
  plan.chunk_rows = 0;
  plan.schedule = nullptr;
  plan.stall_deadline = std::chrono::milliseconds(0);
  plan.stop.wall_clock = std::chrono::seconds(-1);

  const problems found = a::validate(plan, {}, {});

  REQUIRE(found.size() == 9);
  REQUIRE(mentions(found, "no worker"));
  REQUIRE(mentions(found, "no objective"));
  REQUIRE(mentions(found, "training set is empty"));
  REQUIRE(mentions(found, "0 epochs"));
  REQUIRE(mentions(found, "batch size is 0"));
  REQUIRE(mentions(found, "chunks of 0 rows"));
  REQUIRE(mentions(found, "no schedule"));
  REQUIRE(mentions(found, "stall deadline is 0 ms"));
  REQUIRE(mentions(found, "wall-clock limit is -1 s"));
}

TEST_CASE("validate: batches may not exceed the training set") {
  auto plan = fine_plan();
  plan.batch_size = 11;

  REQUIRE(a::validate(plan, t::blank(10), {}) ==
          problems{"the batch size 11 exceeds the 10 training samples"});
}

TEST_CASE("validate: a start must have the objective's length") {
  auto plan = fine_plan();
  plan.start = {1.0F, 2.0F};

  REQUIRE(a::validate(plan, t::blank(10), {}) ==
          problems{"the start has 2 parameters, the objective 1"});
}

TEST_CASE("validate: the test set must look like the training set") {
  const auto narrow = t::sparse_from({{1, 2}}, {1}, 2);
  const auto wide = t::sparse_from({{1, 2, 3}}, {1}, 3);
  const auto dense = t::dense_from({{1, 2}}, {1}, 2);

  REQUIRE(a::validate(fine_plan(), wide, narrow).empty());
  REQUIRE(mentions(a::validate(fine_plan(), narrow, wide),
                   "the test set has 3 features, the training set 2"));
  REQUIRE(mentions(a::validate(fine_plan(), narrow, dense), "laid out"));
}

TEST_CASE("validate: step sizes must be usable in every epoch") {
  auto plan = fine_plan();
  const auto with = [&](k::learning_rate_schedule rule) {
    plan.schedule = std::move(rule);
    return a::validate(plan, t::blank(10), {});
  };

  REQUIRE(with(k::constant_step(0.0)).empty());
  REQUIRE(mentions(with(k::constant_step(-0.5)), "epoch 1 is -0.5"));
  REQUIRE(mentions(with([](double t) { return 1.0 / (2.0 - t); }),
                   "epoch 3 is inf"));
  REQUIRE(mentions(with([](double t) { return t < 1.0 ? 1.0 : std::nan(""); }),
                   "epoch 2 is"));
}

TEST_CASE("validate: steps may not turn the weights round") {
  const auto data = t::blank(10);
  auto plan = fine_plan();
  plan.objective =
      k::make_linear(k::linear_model::svm, data, 1, {k::penalty_form::l2, 0.5});
  const auto with = [&](k::learning_rate_schedule rule) {
    plan.schedule = std::move(rule);
    return a::validate(plan, data, {});
  };

  REQUIRE(with(k::constant_step(1.99)).empty());
  REQUIRE(
      mentions(with(k::constant_step(2.0)), "step size 2 times the penalty"));
  // Also when it happens between two epochs: a peak at the middle of the first.
  REQUIRE(mentions(with([](double t) { return t == 0.5 ? 3.0 : 0.1; }),
                   "step size 3 times the penalty"));
}

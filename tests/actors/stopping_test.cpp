#include <chrono>
#include <limits>

#include <catch2/catch.hpp>

#include "actors/run/train.hpp"
#include "tests/support/training.hpp"
#include "topology/systems.hpp"

namespace a = sounder::actors;
namespace k = sounder::kernels;
namespace p = sounder::topology;
namespace t = sounder::tests;

namespace {

constexpr double no_number = std::numeric_limits<double>::quiet_NaN();

/// A run of at most 9 epochs of 10 samples whose losses and errors are
/// written down.
struct story {
  std::vector<double> losses;
  std::vector<double> errors;
  a::stopping stop;
  unsigned evaluate_every = 1;
  bool with_test_set = false;

  a::run_report told(bool deterministic) const {
    auto plan = t::plan_of(std::make_shared<t::scripted>(losses, errors),
                           p::serial(), 9);
    plan.schedule = k::constant_step(1.0);
    plan.stop = stop;
    plan.evaluate_every = evaluate_every;
    plan.deterministic = deterministic;
    return a::train(plan, t::blank(10),
                    with_test_set ? t::blank(10) : k::dataset());
  }

  /// Both ways must tell the same end.
  void ends(a::stop_reason reason, unsigned epoch) const {
    for (const bool deterministic : {true, false}) {
      const auto report = told(deterministic);
      INFO("stopped: " << a::name(report.stop_reason));
      REQUIRE(report.stop_reason == reason);
      REQUIRE(report.epochs.back().epoch == epoch);
      REQUIRE(report.parameters ==
              std::vector<float>{10.0F * static_cast<float>(epoch)});
    }
  }
};

a::stopping stop_at_error(double error) {
  a::stopping stop;
  stop.target_error = error;
  return stop;
}

a::stopping stop_at_change(double change) {
  a::stopping stop;
  stop.loss_change = change;
  return stop;
}

a::stopping stop_after_patience(unsigned epochs) {
  a::stopping stop;
  stop.patience = epochs;
  return stop;
}

}  // namespace

TEST_CASE("stopping: without a rule all epochs are walked") {
  story{{1, 1, 1}, {0}, {}}.ends(a::stop_reason::epochs_done, 9);
}

TEST_CASE("stopping: at the first epoch with the target error") {
  const story s{{1}, {0.5, 0.4, 0.2, 0.3, 0.1}, stop_at_error(0.2)};

  s.ends(a::stop_reason::target_reached, 3);
}

TEST_CASE("stopping: a target of 0 takes an error of 0") {
  const story s{{1}, {0.5, 0.1, 0.0}, stop_at_error(0.0)};

  s.ends(a::stop_reason::target_reached, 3);
}

TEST_CASE("stopping: the target reached in the last epoch is reached") {
  const story s{{1}, {1, 1, 1, 1, 1, 1, 1, 1, 0}, stop_at_error(0.5)};

  s.ends(a::stop_reason::target_reached, 9);
}

TEST_CASE("stopping: when the loss changes less than asked, up or down") {
  story{{8, 4, 2, 1.75, 0}, {}, stop_at_change(0.5)}.ends(
      a::stop_reason::loss_settled, 4);
  story{{8, 4, 6, 6.25, 1}, {}, stop_at_change(0.5)}.ends(
      a::stop_reason::loss_settled, 4);
}

TEST_CASE("stopping: a change of just the threshold is no settling") {
  const story s{{8, 7.5, 7, 6.75, 0}, {}, stop_at_change(0.5)};

  s.ends(a::stop_reason::loss_settled, 4);
}

TEST_CASE("stopping: patience counts epochs since the best loss") {
  const story s{{7, 4, 6, 3, 3.5, 3.25, 3.1, 1}, {}, stop_after_patience(3)};

  s.ends(a::stop_reason::patience_spent, 7);
}

TEST_CASE("stopping: patience counts epochs, not evaluations") {
  story s{{7, 4, 6, 6, 6, 6}, {}, stop_after_patience(3)};
  s.evaluate_every = 2;

  s.ends(a::stop_reason::patience_spent, 6);  // seen at 2, 4, 6
}

TEST_CASE("stopping: an equal loss is no better one") {
  story{{5, 5, 5, 5}, {}, stop_after_patience(2)}.ends(
      a::stop_reason::patience_spent, 3);
}

TEST_CASE("stopping: the test set decides when there is one") {
  story s{{5, 4, 3}, {0.5, 0.25}, stop_at_error(0.25)};
  s.with_test_set = true;

  s.ends(a::stop_reason::target_reached, 2);
}

TEST_CASE("stopping: a loss that is not finite is a divergence") {
  const story s{{1, 2, no_number, 1}, {}, {}};

  s.ends(a::stop_reason::diverged, 3);
  REQUIRE_THAT(s.told(true).message,
               Catch::Contains("not finite after epoch 3"));
}

TEST_CASE("stopping: a model worse than none is a divergence, at the end") {
  const story s{{2, 1, 2.2}, {}, {}};

  const auto report = s.told(true);

  REQUIRE(report.stop_reason == a::stop_reason::diverged);
  REQUIRE(report.epochs.size() == 9);
  REQUIRE_THAT(report.message, Catch::Contains("2.2, at the start 2,"));
}

TEST_CASE("stopping: a found step's loss above the start halts at once") {
  const auto data = t::dense_from({{30, 40}, {3, -4}}, {1, -1}, 2);
  auto plan =
      t::plan_of(k::make_linear(k::linear_model::least_squares, data, 1, {}),
                 p::serial(), 100);
  plan.schedule = k::constant_step(1e-3);
  plan.halts_above_start = true;

  const auto report = a::train(plan, data);

  REQUIRE(report.stop_reason == a::stop_reason::diverged);
  REQUIRE(report.epochs.size() == 1);
}

TEST_CASE("stopping: divergence names a step size that works") {
  const auto data = t::dense_from({{30, 40}, {3, -4}}, {1, -1}, 2);
  auto plan =
      t::plan_of(k::make_linear(k::linear_model::least_squares, data, 1, {}),
                 p::serial(), 100);
  for (const double step : {0.5, 1e4}) {
    plan.schedule = k::constant_step(step);
    const auto report = a::train(plan, data);
    const auto at = report.message.rfind("try ");

    REQUIRE(report.stop_reason == a::stop_reason::diverged);
    REQUIRE(at != std::string::npos);
    plan.schedule = k::constant_step(std::stod(report.message.substr(at + 4)));
    REQUIRE(a::train(plan, data).epochs.back().train_loss < 0.5);
  }
}

TEST_CASE("stopping: divergence during a warm-up advises a real step") {
  const auto data = t::dense_from({{30, 40}}, {1}, 2);
  auto plan =
      t::plan_of(k::make_linear(k::linear_model::least_squares, data, 1, {}),
                 p::serial(), 100);
  plan.schedule = k::warm_up(k::constant_step(1.0), 5.0);

  const auto report = a::train(plan, data);
  const auto at = report.message.rfind("try ");

  REQUIRE(report.stop_reason == a::stop_reason::diverged);
  REQUIRE(at != std::string::npos);
  REQUIRE(std::stod(report.message.substr(at + 4)) > 0.0);
}

TEST_CASE("stopping: an interrupt ends the run within the epoch") {
  for (const std::string& name : p::one_replica_names()) {
    for (const bool deterministic : {true, false}) {
      INFO(name << ", deterministic " << deterministic);
      auto plan = t::plan_of(std::make_shared<t::tally>(1),
                             *p::by_name(name, {.workers = 2}), 1'000'000);
      plan.schedule = k::constant_step(1.0);
      plan.deterministic = deterministic;
      std::stop_source stop;
      plan.interrupt = stop.get_token();

      const auto report =
          a::train(plan, t::blank(1000), {}, [&](const auto& record) {
            if (record.epoch == 3) {
              stop.request_stop();
            }
          });

      REQUIRE(report.stop_reason == a::stop_reason::interrupted);
      REQUIRE(report.epochs.size() >= 3);
      REQUIRE_THAT(report.message, Catch::Contains("stopped within epoch"));
    }
  }
}

TEST_CASE("stopping: an interrupt before the start leaves the start") {
  auto plan = t::plan_of(std::make_shared<t::tally>(1), p::serial(), 3);
  plan.start = {7.0F};
  std::stop_source stop;
  stop.request_stop();
  plan.interrupt = stop.get_token();

  const auto report = a::train(plan, t::blank(10));

  REQUIRE(report.stop_reason == a::stop_reason::interrupted);
  REQUIRE(report.epochs.empty());
  REQUIRE(report.samples == 0);
  REQUIRE(report.parameters == plan.start);
}

TEST_CASE("stopping: the epochs walked before an interrupt are all recorded") {
  for (int repeat = 0; repeat < 20; ++repeat) {
    auto plan = t::plan_of(std::make_shared<t::tally>(1), p::locked(1), 50);
    plan.schedule = k::constant_step(1.0);
    plan.deterministic = false;
    plan.evaluation = a::evaluation_mode::concurrent;
    std::stop_source stop;
    plan.interrupt = stop.get_token();

    const auto report =
        a::train(plan, t::blank(100), {}, [&](const auto& record) {
          if (record.epoch == 2) {
            stop.request_stop();
          }
        });

    const auto begun = (report.samples + 99) / 100;
    REQUIRE(report.epochs.size() == begun);
  }
}

TEST_CASE("stopping: the time limit ends the run", "[stress]") {
  auto plan =
      t::plan_of(std::make_shared<t::tally>(1), p::locked(2), 10'000'000);
  plan.deterministic = false;
  plan.stop.wall_clock = std::chrono::milliseconds(50);

  const auto begin = std::chrono::steady_clock::now();
  const auto report = a::train(plan, t::blank(1000));
  const auto took = std::chrono::steady_clock::now() - begin;

  REQUIRE(report.stop_reason == a::stop_reason::time_spent);
  REQUIRE(took >= std::chrono::milliseconds(50));
  REQUIRE(took < std::chrono::seconds(20));
}

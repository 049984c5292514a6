#include "actors/run/train.hpp"

#include <stdexcept>
#include <thread>

#include <catch2/catch.hpp>

#include "tests/support/training.hpp"
#include "topology/systems.hpp"

namespace a = sounder::actors;
namespace k = sounder::kernels;
namespace p = sounder::topology;
namespace t = sounder::tests;

namespace {

/// A logistic model on 300 sparse rows, on workers of the named discipline.
struct fixture {
  k::dataset data = t::random_problem(k::linear_model::logistic,
                                      k::layout::sparse, 300, 12, 1);
  k::dataset test = t::random_problem(k::linear_model::logistic,
                                      k::layout::sparse, 50, 12, 2);

  a::training_plan plan(p::graph graph) const {
    auto made = t::plan_of(k::make_linear(k::linear_model::logistic, data, 1,
                                          {k::penalty_form::l2, 0.01}),
                           std::move(graph), 3);
    made.chunk_rows = 20;
    made.batch_size = 2;
    return made;
  }

  std::vector<float> parameters(const a::training_plan& plan) const {
    return a::train(plan, data, test).parameters;
  }
};

/// An objective whose named part throws.
class thrower : public t::tally {
 public:
  enum class part { start, gradient, loss };
  explicit thrower(part where) : tally(1), where_(where) {}

  void initialise(std::span<float>, std::uint64_t) const override {
    fail(part::start);
  }
  void add_gradient(const k::dataset&, std::span<const std::uint32_t>,
                    const float*, std::span<float>) const override {
    fail(part::gradient);
  }
  k::loss_sums evaluate(const k::dataset&, std::size_t first, std::size_t last,
                        const float*) const override {
    fail(part::loss);
    return {0.0, 0, last - first};
  }

 private:
  void fail(part here) const {
    if (here == where_) {
      throw std::runtime_error("a bug in an objective");
    }
  }
  part where_;
};

}  // namespace

TEST_CASE("train: the same seed gives the same bits, another one others") {
  const fixture f;
  for (const std::string& name : p::one_replica_names()) {
    for (const unsigned workers : {1U, 2U, 3U, 4U}) {
      INFO(name << " on " << workers);
      auto plan = f.plan(*p::by_name(name, {.workers = workers}));
      auto other = plan;
      other.seed = 2;

      const auto first = f.parameters(plan);

      REQUIRE(f.parameters(plan) == first);
      REQUIRE(f.parameters(other) != first);
    }
  }
}

TEST_CASE("train: deterministic workers take turns") {
  // With private heads a worker does not see the other's last steps, so two
  // that take turns end elsewhere than one that walks alone.
  const fixture f;

  REQUIRE(f.parameters(f.plan(p::hogwild(2, {12, 10}))) !=
          f.parameters(f.plan(p::hogwild(1, {12, 10}))));
}

TEST_CASE("train: records tell what was done, in order") {
  const fixture f;
  for (const std::string& name : p::one_replica_names()) {
    for (const bool deterministic : {true, false}) {
      INFO(name << ", deterministic " << deterministic);
      auto plan = f.plan(*p::by_name(name, {.workers = 2}));
      plan.deterministic = deterministic;
      plan.schedule = k::decaying_step(0.25, 0.5);
      std::vector<unsigned> observed;

      const auto report = a::train(
          plan, f.data, f.test,
          [&](const auto& record) { observed.push_back(record.epoch); });

      REQUIRE(observed == std::vector<unsigned>{1, 2, 3});
      REQUIRE(report.stop_reason == a::stop_reason::epochs_done);
      REQUIRE(report.message.empty());
      REQUIRE(report.epochs.size() == 3);
      REQUIRE(report.samples == 900);
      double time = 0.0;
      for (unsigned e = 0; e < 3; ++e) {
        const a::epoch_record& record = report.epochs[e];
        REQUIRE(record.epoch == e + 1);
        REQUIRE(record.samples == 300 * (e + 1));
        REQUIRE(record.nonzeros == f.data.nonzeros() * (e + 1));
        REQUIRE(record.step_size == 0.25 / (1 << e));
        REQUIRE(record.time_s >= time);
        REQUIRE(record.train_s <= record.time_s);
        REQUIRE(record.samples_per_s > 0.0);
        time = record.time_s;
      }
      REQUIRE(report.total_s >= time);
    }
  }
}

TEST_CASE("train: the record's losses are those of the parameters") {
  const fixture f;
  const auto plan = f.plan(p::serial());
  const auto& model = *plan.objective;

  const auto report = a::train(plan, f.data, f.test);

  const float* w = report.parameters.data();
  const auto train = model.evaluate(f.data, 0, 300, w);
  const auto test = model.evaluate(f.test, 0, 50, w);
  const a::epoch_record& last = report.epochs.back();
  REQUIRE(last.penalty == Approx(model.penalty(w)));
  REQUIRE(last.train_loss == Approx(train.loss / 300 + model.penalty(w)));
  REQUIRE(last.train_error == static_cast<double>(train.errors) / 300);
  REQUIRE(last.test_loss.value() == Approx(test.loss / 50));
  REQUIRE(last.test_error.value() == static_cast<double>(test.errors) / 50);
}

TEST_CASE("train: without a test set there are no test figures") {
  const fixture f;

  const auto report = a::train(f.plan(p::locked(2)), f.data);

  REQUIRE_FALSE(report.epochs.back().test_loss);
  REQUIRE_FALSE(report.epochs.back().test_error);
}

TEST_CASE("train: evaluates every so many epochs, and at the end") {
  const fixture f;
  for (const auto mode :
       {a::evaluation_mode::concurrent, a::evaluation_mode::between,
        a::evaluation_mode::automatic}) {
    auto plan = f.plan(p::hogwild(2));
    plan.epochs = 7;
    plan.evaluate_every = 3;
    plan.evaluation = mode;
    plan.deterministic = false;

    const auto report = a::train(plan, f.data, f.test);

    REQUIRE(report.epochs.size() == 3);
    REQUIRE(report.epochs[0].epoch == 3);
    REQUIRE(report.epochs[1].epoch == 6);
    REQUIRE(report.epochs[2].epoch == 7);
    REQUIRE(report.epochs[1].samples == 1800);
    REQUIRE(report.samples == 2100);
  }
}

TEST_CASE("train: when it is evaluated does not change what is learnt") {
  const fixture f;
  auto plan = f.plan(p::serial());
  plan.deterministic = false;
  plan.evaluation = a::evaluation_mode::between;
  const auto between = f.parameters(plan);
  plan.evaluation = a::evaluation_mode::concurrent;
  const auto concurrent = f.parameters(plan);
  plan.deterministic = true;

  REQUIRE(between == concurrent);
  REQUIRE(between == f.parameters(plan));
}

// Workers of one replica wait for nobody until the goal, however far that is.
TEST_CASE("train: threads walk many epochs on end") {
  const fixture f;
  auto plan = f.plan(p::hogwild(2));
  plan.epochs = 40;
  plan.evaluate_every = 25;
  plan.deterministic = false;

  const auto report = a::train(plan, f.data, f.test);

  REQUIRE(report.epochs.size() == 2);
  REQUIRE(report.epochs[0].samples == 25 * f.data.rows());
  REQUIRE(report.epochs[1].samples == 40 * f.data.rows());
}

TEST_CASE("train: goes on from a start") {
  const fixture f;
  auto first = f.plan(p::serial());
  first.epochs = 1;
  first.order.kind = k::order_kind::sequential;
  auto both = first;
  both.epochs = 2;
  auto second = first;

  second.start = f.parameters(first);

  REQUIRE(f.parameters(second) == f.parameters(both));
}

TEST_CASE("train: starts from the objective's own start") {
  class seeded : public t::tally {
   public:
    seeded() : tally(2) {}
    void initialise(std::span<float> w, std::uint64_t seed) const override {
      std::fill(w.begin(), w.end(), static_cast<float>(seed));
    }
  };
  auto plan = t::plan_of(std::make_shared<seeded>(), p::serial(), 1);
  plan.schedule = k::constant_step(0.0);
  plan.seed = 42;

  REQUIRE(a::train(plan, t::blank(5)).parameters ==
          std::vector<float>{42.0F, 42.0F});
}

TEST_CASE("train: refuses a plan with all its problems, one a line") {
  a::training_plan plan;
  plan.epochs = 0;
  plan.batch_size = 0;

  REQUIRE_THROWS_AS(a::train(plan, {}), std::invalid_argument);
  REQUIRE_THROWS_WITH(a::train(plan, {}),
                      "the plan has no objective\n"
                      "the training set is empty\n"
                      "the plan has 0 epochs; 1 is the least\n"
                      "the batch size is 0; 1 is the least");
}

TEST_CASE("train: what an observer throws does not end the run") {
  const fixture f;
  for (const bool deterministic : {true, false}) {
    auto plan = f.plan(p::serial());
    plan.deterministic = deterministic;
    int calls = 0;

    const auto report = a::train(plan, f.data, f.test, [&](const auto&) {
      if (++calls == 1) {
        throw std::runtime_error("the disk is full");
      }
      throw 42;
    });

    REQUIRE(calls == 3);
    REQUIRE(report.stop_reason == a::stop_reason::epochs_done);
    REQUIRE(report.epochs.size() == 3);
  }
}

TEST_CASE("train: an objective that throws ends the run with an exception") {
  using part = thrower::part;
  for (const part where : {part::start, part::gradient, part::loss}) {
    for (const auto mode :
         {a::evaluation_mode::between, a::evaluation_mode::concurrent}) {
      for (const bool deterministic : {true, false}) {
        auto plan =
            t::plan_of(std::make_shared<thrower>(where), p::locked(2), 2);
        plan.deterministic = deterministic;
        plan.evaluation = mode;

        INFO("part " << static_cast<int>(where) << ", deterministic "
                     << deterministic);
        REQUIRE_THROWS_WITH(a::train(plan, t::blank(50)),
                            Catch::EndsWith("a bug in an objective"));
      }
    }
  }
}

TEST_CASE("train: several runs at a time do not meet", "[stress]") {
  const fixture f;
  auto plan = f.plan(p::locked(1));
  plan.deterministic = false;
  const auto alone = f.parameters(plan);
  std::vector<std::vector<float>> found(3);
  {
    std::vector<std::jthread> threads;
    for (auto& parameters : found) {
      threads.emplace_back([&] { parameters = f.parameters(plan); });
    }
  }

  REQUIRE(found == std::vector<std::vector<float>>(3, alone));
}

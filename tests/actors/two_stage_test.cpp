// Two stages: gradient descent while the batch grows, then the plan's rule.

#include <cmath>
#include <mutex>

#include <catch2/catch.hpp>

#include "tests/support/known_minimiser.hpp"
#include "tests/support/training.hpp"
#include "topology/systems.hpp"

namespace a = sounder::actors;
namespace k = sounder::kernels;
namespace p = sounder::topology;
namespace t = sounder::tests;

namespace {

using sizes = std::vector<std::size_t>;

/// Writes down how many rows each gradient was over.
class recording : public t::tally {
 public:
  recording() : tally(1) {}

  void add_gradient(const k::dataset& data, std::span<const std::uint32_t> rows,
                    const float* w, std::span<float> gradient) const override {
    {
      const std::scoped_lock lock(lock_);
      seen_.push_back(rows.size());
    }
    tally::add_gradient(data, rows, w, gradient);
  }

  sizes seen() const { return seen_; }

 private:
  mutable std::mutex lock_;
  mutable sizes seen_;
};

k::optimizer adam() {
  k::optimizer rule;
  rule.kind = k::optimizer_kind::adam;
  return rule;
}

a::training_plan two_stage(a::training_plan plan, unsigned gd_epochs) {
  plan.optimizer = adam();
  plan.gd.epochs = gd_epochs;
  plan.schedule = k::constant_step(0.01);
  plan.order.kind = k::order_kind::sequential;
  return plan;
}

/// The same with the stages as runs of their own, an epoch each of the first.
std::vector<float> in_parts(const a::training_plan& plan,
                            const k::dataset& data) {
  a::training_plan part = plan;
  part.gd = {};
  part.optimizer = {};
  part.epochs = 1;
  for (unsigned e = 0; e < plan.gd.epochs; ++e) {
    part.batch_size = a::batch_of(plan, e);
    part.start = a::train(part, data).parameters;
  }
  if (plan.epochs > plan.gd.epochs) {
    part.batch_size = plan.batch_size;
    part.optimizer = plan.optimizer;
    part.epochs = plan.epochs - plan.gd.epochs;
    part.start = a::train(part, data).parameters;
  }
  return part.start;
}

std::vector<p::graph> one_replica(unsigned workers) {
  return {p::hogwild(workers, {0, {}}), p::locked(workers), p::aig(workers),
          p::round_robin(workers)};
}

}  // namespace

TEST_CASE("two stages: the batch grows in equal steps to the plan's") {
  a::training_plan plan;
  plan.batch_size = 64;
  plan.epochs = 9;
  const auto batches = [&] {
    sizes found;
    for (unsigned e = 0; e < 5; ++e) {
      found.push_back(a::batch_of(plan, e));
    }
    return found;
  };

  CHECK(batches() == sizes{64, 64, 64, 64, 64});
  plan.gd.epochs = 3;
  CHECK(batches() == sizes{16, 32, 48, 64, 64});
  plan.gd.batch_size = 4;
  CHECK(batches() == sizes{4, 24, 44, 64, 64});
  plan.gd.batch_size = 64;
  CHECK(batches() == sizes{64, 64, 64, 64, 64});
  plan.gd = {4, 1};
  plan.batch_size = 2;
  CHECK(batches() == sizes{1, 1, 2, 2, 2});  // 1, 1.25, 1.5, 1.75, 2
}

TEST_CASE("two stages: batches have the sizes of their epochs") {
  for (const unsigned every : {1U, 5U}) {
    const auto model = std::make_shared<recording>();
    auto plan = two_stage(t::plan_of(model, p::serial(), 5), 3);
    plan.batch_size = 8;  // 2, 4, 6, 8, 8
    plan.chunk_rows = 7;
    plan.evaluate_every = every;

    const auto report = a::train(plan, t::blank(20));

    sizes expected(10, 2);
    expected.insert(expected.end(), 5, 4);
    expected.insert(expected.end(), {6, 6, 6, 2, 8, 8, 4, 8, 8, 4});
    CHECK(model->seen() == expected);
    CHECK(report.samples == 100);
  }
}

TEST_CASE("two stages: private heads cut no batch in two") {
  const auto model = std::make_shared<recording>();
  auto plan = two_stage(t::plan_of(model, p::hogwild(1, {1, 5}), 3), 2);
  plan.batch_size = 6;
  plan.gd.batch_size = 4;  // 4, 5, 6
  plan.evaluate_every = 3;

  static_cast<void>(a::train(plan, t::blank(60)));

  sizes expected(15, 4);
  expected.insert(expected.end(), 12, 5);
  expected.insert(expected.end(), 10, 6);
  CHECK(model->seen() == expected);
}

TEST_CASE("two stages: the same bits as runs of one stage after another") {
  for (const auto name : t::models) {
    const auto data = t::random_problem(name, k::layout::sparse, 50, 9, 1);
    const auto model =
        k::make_linear(name, data, t::classes, {k::penalty_form::l2, 0.02});
    for (const unsigned workers : {1U, 3U}) {
      for (const p::graph& graph : one_replica(workers)) {
        for (const unsigned epochs : {2U, 3U, 5U}) {
          INFO(k::name(name) << ", " << workers << " workers, rule "
                             << graph.replicas[0].sharing.index() << ", "
                             << epochs << " epochs");
          auto plan = two_stage(t::plan_of(model, graph, epochs), 2);
          plan.batch_size = 9;

          CHECK(a::train(plan, data).parameters == in_parts(plan, data));
        }
      }
    }
  }
}

TEST_CASE("two stages: a local phase over both ends where the rule changes") {
  // Adam reads weights without a scale: it must be folded before.
  const auto data =
      t::random_problem(k::linear_model::svm, k::layout::sparse, 50, 9, 1);
  auto plan = two_stage(t::plan_of(k::make_linear(k::linear_model::svm, data, 1,
                                                  {k::penalty_form::l2, 0.5}),
                                   p::serial(), 4),
                        2);
  plan.schedule = k::constant_step(0.25);
  const auto folded = a::train(plan, data).parameters;

  plan.evaluate_every = 4;
  const auto found = a::train(plan, data).parameters;

  REQUIRE(found.size() == folded.size());
  for (std::size_t j = 0; j < found.size(); ++j) {
    CHECK(found[j] == Approx(folded[j]).epsilon(1e-3).margin(1e-5));
  }
}

TEST_CASE("two stages: any rule may follow, the decay holds in both") {
  const t::known_minimiser problem(60, 4, 2);
  for (const auto kind : {k::optimizer_kind::sgd, k::optimizer_kind::nesterov,
                          k::optimizer_kind::adam, k::optimizer_kind::lars}) {
    auto plan = two_stage(t::plan_of(problem.objective(), p::serial(), 3), 1);
    plan.optimizer.kind = kind;
    plan.optimizer.weight_decay = 0.1;
    plan.batch_size = 4;
    auto parts = plan;
    parts.gd = {};
    parts.epochs = 1;
    parts.batch_size = 2;
    parts.optimizer.kind = k::optimizer_kind::sgd;
    parts.start = a::train(parts, problem.data()).parameters;
    parts.optimizer.kind = kind;
    parts.batch_size = 4;
    parts.epochs = 2;

    CHECK(a::train(plan, problem.data()).parameters ==
          a::train(parts, problem.data()).parameters);
  }
}

TEST_CASE("two stages: every system walks every batch, and gets there") {
  const t::known_minimiser problem(192, 6, 7);
  for (const std::string& system : p::names()) {
    for (const bool deterministic : {true, false}) {
      DYNAMIC_SECTION(system << (deterministic ? ", deterministic" : "")) {
        p::wiring_options options;
        options.replicas = 3;
        options.tau = 4;
        options.outer_rate = 1.0;
        options.outer_momentum = 0.0;
        a::training_plan plan;
        plan.graph = *p::by_name(system, options);
        plan.objective = problem.objective();
        plan.optimizer = adam();
        plan.gd.epochs = 20;
        plan.batch_size = 4;
        plan.epochs = 30;
        // A step of Adam is as long as its step size, whatever is left to go.
        const double one = system == "async-msgd" ? 0.01 : 0.1;
        plan.schedule = k::two_stage_step(k::constant_step(one / 3), 20,
                                          k::constant_step(1e-5));
        plan.deterministic = deterministic;
        plan.stall_deadline = std::chrono::seconds(20);

        const a::run_report report = a::train(plan, problem.data());

        CHECK(report.message.empty());
        CHECK(report.stop_reason == a::stop_reason::epochs_done);
        CHECK(report.samples == std::uint64_t{plan.epochs} * 192);
        CHECK(problem.distance(report.parameters) < 1e-2);
      }
    }
  }
}

TEST_CASE("two stages: synchronous replicas have as many steps each") {
  // 21 samples, 11 + 10: a batch of 10 leaves one replica a step less.
  const auto model = std::make_shared<recording>();
  p::wiring_options options;
  options.replicas = 2;
  options.tau = 1;
  auto plan =
      two_stage(t::plan_of(model, *p::by_name("allreduce", options), 3), 2);
  plan.batch_size = 10;
  plan.gd.batch_size = 2;  // 2, 6, 10

  static_cast<void>(a::train(plan, t::blank(21)));

  sizes seen = model->seen();
  std::sort(seen.begin(), seen.end());
  sizes expected = {1, 1, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 4, 5, 6, 6, 10, 10};
  CHECK(seen == expected);
}

TEST_CASE("a warm-up of the step size goes with lars and with two stages") {
  // One step an epoch: the rule is read where it stands.
  const auto data =
      t::random_problem(k::linear_model::softmax, k::layout::sparse, 8, 5, 1);
  auto plan =
      t::plan_of(k::make_linear(k::linear_model::softmax, data, t::classes, {}),
                 p::serial(), 1);
  plan.batch_size = 8;
  plan.order.kind = k::order_kind::sequential;
  plan.start.assign(plan.objective->dimension(), 1.0F);
  const auto after = [&](const k::optimizer& rule, unsigned gd, unsigned epochs,
                         double warm) {
    plan.optimizer = rule;
    plan.gd = {gd, 8};
    plan.epochs = epochs;
    plan.schedule = k::warm_up(k::constant_step(1.0), warm);
    return a::train(plan, data).parameters;
  };
  k::optimizer lars;
  lars.kind = k::optimizer_kind::lars;
  lars.momentum = 0.0;
  lars.trust = 0.1;

  const auto start = plan.start;
  CHECK(after(lars, 0, 1, 4) == start);  // at step size 0
  for (const unsigned gd : {0U, 1U}) {
    // The second epoch is at 1 / 4: |dw| of a class is gamma * trust * |w|.
    const auto found = after(lars, gd, 2, 4);
    for (std::size_t c = 0; c < t::classes; ++c) {
      double square = 0.0;
      for (std::size_t u = 0; u < 5; ++u) {
        const double d = static_cast<double>(found[u * t::classes + c]) - 1.0;
        square += d * d;
      }
      CHECK(std::sqrt(square) ==
            Approx(0.25 * 0.1 * std::sqrt(5.0)).epsilon(1e-3));
    }
  }
}

TEST_CASE("validate: a first stage that does not fit the plan") {
  const auto problems_of = [](a::gd_stage gd) {
    auto plan = t::plan_of(std::make_shared<t::tally>(1), p::serial(), 3);
    plan.batch_size = 4;
    plan.gd = gd;
    return a::validate(plan, t::blank(10), {});
  };
  using problems = std::vector<std::string>;

  CHECK(problems_of({3, 4}).empty());
  CHECK(problems_of({4, {}}) ==
        problems{"the stage of gradient descent has 4 epochs, the plan 3"});
  CHECK(problems_of({2, 0}) ==
        problems{"the stage of gradient descent starts with batch size 0; 1 "
                 "is the least"});
  CHECK(problems_of({2, 5}) ==
        problems{"the stage of gradient descent starts with batch size 5; it "
                 "must not exceed the plan's, 4"});
}

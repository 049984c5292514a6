#include "actors/replica/local_phase.hpp"

#include <algorithm>
#include <cmath>

#include <catch2/catch.hpp>

#include "tests/support/linear_cases.hpp"
#include "tests/support/training.hpp"
#include "topology/systems.hpp"

namespace a = sounder::actors;
namespace k = sounder::kernels;
namespace p = sounder::topology;
namespace t = sounder::tests;

namespace {

/// For a replica that walks all rows and meets nobody, ready to step.
a::replica_setup lone_setup(const a::training_plan& plan,
                            const k::dataset& data) {
  a::replica_setup setup =
      a::set_up(std::make_shared<const a::training_plan>(plan),
                a::data_shape::of(data), 0, k::shard(data.rows(), 0, 1), {});
  setup.data = data;
  setup.make_objectives();
  return setup;
}

/// Every way to share; HOGWILD! in its plain form.
std::vector<p::graph> disciplines(unsigned workers) {
  return {p::hogwild(workers, {0, {}}), p::locked(workers), p::aig(workers),
          p::round_robin(workers)};
}

std::vector<float> parameters_after(const a::training_plan& plan,
                                    const k::dataset& data) {
  return a::train(plan, data).parameters;
}

double objective_after(const a::training_plan& plan, const k::dataset& data) {
  return a::train(plan, data).epochs.back().train_loss;
}

/// How often each feature occurs.
std::vector<float> occurrences(const k::dataset& data) {
  std::vector<float> counts(data.features());
  for (std::size_t i = 0; i < data.rows(); ++i) {
    for (const auto& [u, x] : t::pairs_of(data, i)) {
      counts[u] += 1.0F;
    }
  }
  return counts;
}

}  // namespace

TEST_CASE("a last batch that is too small for the objective is left out") {
  class of_two : public t::tally {
   public:
    of_two() : tally(1) {}
    std::size_t least_batch() const noexcept override { return 2; }
  };
  const auto samples = [](std::size_t rows, const p::graph& graph) {
    auto plan = t::plan_of(std::make_shared<of_two>(), graph, 1);
    plan.batch_size = 8;
    return a::train(plan, t::blank(rows)).samples;
  };

  for (const p::graph& graph : disciplines(1)) {
    CHECK(samples(33, graph) == 32);
    CHECK(samples(34, graph) == 34);
  }
  // 17 and 16 samples.
  CHECK(samples(33, *p::by_name("allreduce", {.replicas = 2})) == 32);
}

TEST_CASE("one worker takes the reference's steps in every discipline") {
  for (const auto& c : t::linear_cases(0.02)) {
    if (c.layout == k::layout::dense_float) {
      continue;  // as dense bytes
    }
    const auto data = t::random_problem(c.model, c.layout, 50, 9, 1);
    const auto model = k::make_linear(c.model, data, t::classes, c.penalty);
    for (const std::size_t batch : {1U, 8U}) {
      auto plan = t::plan_of(model, p::serial(), 3);
      plan.schedule = k::decaying_step(0.125, 0.5);
      plan.batch_size = batch;
      t::reference<double> plain(c.model, data, c.penalty);
      t::walk(plain, plan, data.rows());

      for (const p::graph& graph : disciplines(1)) {
        INFO(text(c) << ", batches of " << batch << ", rule "
                     << graph.replicas[0].sharing.index());
        plan.graph = graph;
        REQUIRE(t::distance(parameters_after(plan, data), plain.w) <=
                plain.rounding_bound());
      }
    }
  }
}

TEST_CASE("strong l2 folds within an epoch and equals the reference's bits") {
  // A step halves the weights; 600 steps would scale them by 1e-180.
  for (const auto name : t::models) {
    const k::regulariser penalty{k::penalty_form::l2, 1.0};
    const auto data = t::exact_problem(name, k::layout::sparse, 600, 11, 1);
    auto plan = t::plan_of(k::make_linear(name, data, t::classes, penalty),
                           p::serial(), 2);
    plan.schedule = k::constant_step(0.5);
    t::reference<float> plain(name, data, penalty);
    t::walk(plain, plan, data.rows());

    for (const unsigned workers : {1U, 3U}) {
      for (const p::graph& graph : disciplines(workers)) {
        const bool is_delayed =
            workers > 1 &&
            std::holds_alternative<p::cyclic_turns>(graph.replicas[0].sharing);
        plan.graph = graph;
        INFO(k::name(name) << ", rule " << graph.replicas[0].sharing.index()
                           << ", workers " << workers);
        REQUIRE((is_delayed || parameters_after(plan, data) == plain.w));
      }
    }
  }
}

TEST_CASE("workers that never meet walk like one") {
  // The deterministic schedule runs chunk after chunk.
  for (const auto& c : t::linear_cases(0.02)) {
    if (c.layout != k::layout::sparse) {
      continue;
    }
    const auto data = t::random_problem(c.model, c.layout, 200, 9, 2);
    auto plan = t::plan_of(k::make_linear(c.model, data, t::classes, c.penalty),
                           p::serial(), 2);
    plan.batch_size = 3;
    plan.chunk_rows = 20;
    t::reference<double> plain(c.model, data, c.penalty);
    t::walk(plain, plan, data.rows());

    for (const p::graph& graph :
         {p::hogwild(3, {0, {}}), p::locked(3), p::aig(3)}) {
      INFO(text(c) << ", rule " << graph.replicas[0].sharing.index());
      plan.graph = graph;
      REQUIRE(t::distance(parameters_after(plan, data), plain.w) <=
              plain.rounding_bound());
    }
  }
}

TEST_CASE("round-robin: gradients are N - 1 updates old, the first younger") {
  for (const auto name : t::models) {
    const k::regulariser penalty{k::penalty_form::l2, 1.0 / 64};
    const auto data = t::exact_problem(name, k::layout::sparse, 100, 7, 3);
    for (const unsigned workers : {1U, 2U, 3U, 4U}) {
      for (const std::size_t batch : {1U, 4U, 7U}) {
        INFO(k::name(name) << ", " << workers << " workers, batches of "
                           << batch);
        auto plan = t::plan_of(k::make_linear(name, data, t::classes, penalty),
                               p::round_robin(workers), 3);
        plan.schedule = k::constant_step(0.25);
        plan.batch_size = batch;
        plan.chunk_rows = 12;
        t::reference<double> delayed(name, data, penalty);
        for (unsigned epoch = 0; epoch < plan.epochs; ++epoch) {
          delayed.walk_in_turn(t::walk_of(plan, data.rows(), epoch), batch,
                               0.25, workers);
        }

        const auto found = parameters_after(plan, data);

        REQUIRE(t::distance(found, delayed.w) <= delayed.rounding_bound());
      }
    }
  }
}

TEST_CASE("round-robin: the delay is exact to the bit") {
  // No penalty, so no scale that rounds; sums as in problems.hpp.
  for (const auto name : t::models) {
    const auto data = t::exact_problem(name, k::layout::sparse, 100, 7, 4);
    for (const unsigned workers : {1U, 2U, 3U, 4U}) {
      INFO(k::name(name) << ", " << workers << " workers");
      auto plan = t::plan_of(k::make_linear(name, data, t::classes, {}),
                             p::round_robin(workers), 1);
      plan.schedule = k::constant_step(0.25);
      plan.chunk_rows = 9;
      t::reference<float> delayed(name, data, {});
      t::reference<float> prompt(name, data, {});
      delayed.walk_in_turn(t::walk_of(plan, data.rows(), 0), 1, 0.25, workers);
      t::walk(prompt, plan, data.rows());

      REQUIRE(parameters_after(plan, data) == delayed.w);
      const bool is_smooth = name == k::linear_model::logistic;
      REQUIRE((workers == 1 || !is_smooth || delayed.w != prompt.w));
    }
  }
}

TEST_CASE("round-robin: the delay starts anew with each epoch, seen or not") {
  const auto name = k::linear_model::logistic;
  const auto data = t::exact_problem(name, k::layout::sparse, 50, 7, 5);
  auto plan =
      t::plan_of(k::make_linear(name, data, 1, {}), p::round_robin(3), 2);
  plan.schedule = k::constant_step(0.25);
  plan.evaluate_every = GENERATE(1U, 2U);
  t::reference<float> delayed(name, data, {});
  for (unsigned epoch = 0; epoch < plan.epochs; ++epoch) {
    delayed.walk_in_turn(t::walk_of(plan, data.rows(), epoch), 1, 0.25, 3);
  }

  REQUIRE(parameters_after(plan, data) == delayed.w);
}

TEST_CASE("private head: one worker takes the reference's steps") {
  // Epochs end on a part of a batch, and on a part of an exchange interval.
  for (const auto& c : t::linear_cases(0.02)) {
    if (c.layout == k::layout::dense_float) {
      continue;
    }
    const auto data = t::random_problem(c.model, c.layout, 50, 9, 6);
    for (const std::size_t batch : {1U, 8U}) {
      INFO(text(c) << ", batches of " << batch);
      auto plan =
          t::plan_of(k::make_linear(c.model, data, t::classes, c.penalty),
                     p::hogwild(1, {9 * t::classes, 20}), 4);
      plan.schedule = k::constant_step(0.125);
      plan.batch_size = batch;
      plan.evaluate_every = 4;
      t::reference<double> plain(c.model, data, c.penalty);
      t::walk(plain, plan, data.rows());

      // An exchange rounds once more: shared + (mine - base).
      REQUIRE(t::distance(parameters_after(plan, data), plain.w) <=
              2 * plain.rounding_bound());
    }
  }
}

TEST_CASE("private head: a worker sees others' steps after an exchange") {
  // Two workers, two chunks each, exchange after every chunk; the first
  // coordinate counts samples.
  const auto data = t::blank(8);
  auto plan =
      t::plan_of(std::make_shared<t::tally>(1), p::hogwild(2, {1, 2}), 1);
  plan.schedule = k::constant_step(1.0);
  plan.chunk_rows = 2;
  plan.graph.replicas[0].workers = 2;
  auto setup = lone_setup(plan, data);
  a::epoch_cut epoch = setup.cut.epoch(0);
  epoch.chunks = a::cut_epoch(8, 1, 2, 1);
  setup.cut = a::run_cut({epoch});
  const auto shared = std::make_shared<const a::replica_setup>(setup);
  const auto state = std::make_shared<a::replica_state>(*shared);
  a::local_phase phase(
      shared, state, {shared, state->order, nullptr},
      a::plan_phase(setup.cut, 0, 4, *plan.objective, plan.schedule));
  std::vector<a::worker_slot> slots(2);
  slots[1].index = 1;

  REQUIRE(phase.work(slots[0]));
  REQUIRE(slots[0].view->data()[0] == 2.0F);
  REQUIRE(state->vector.data()[0] == 2.0F);
  REQUIRE(phase.work(slots[1]));
  REQUIRE(slots[1].view->data()[0] == 4.0F);
  REQUIRE(slots[0].view->data()[0] == 2.0F);
  REQUIRE(phase.work(slots[0]));
  REQUIRE(slots[0].view->data()[0] == 6.0F);
  REQUIRE(phase.work(slots[0]));
  REQUIRE_FALSE(phase.work(slots[0]));
  REQUIRE_FALSE(phase.work(slots[1]));
  REQUIRE(state->vector.data()[0] == 8.0F);
  REQUIRE(phase.samples() == 8);
  REQUIRE(phase.is_complete());
}

TEST_CASE(
    "a local phase walked to its end is complete though the time is over") {
  const auto data = t::blank(8);
  auto plan = t::plan_of(std::make_shared<t::tally>(1), p::locked(1), 1);
  std::stop_source stop;
  plan.interrupt = stop.get_token();
  const auto setup =
      std::make_shared<const a::replica_setup>(lone_setup(plan, data));
  const auto state = std::make_shared<a::replica_state>(*setup);
  a::local_phase phase(
      setup, state, {setup, state->order, nullptr},
      a::plan_phase(setup->cut, 0, setup->cut.chunks().before(1),
                    *plan.objective, plan.schedule));
  a::worker_slot slot;

  for (std::size_t c = 0; c < setup->cut.chunks().before(1); ++c) {
    REQUIRE(phase.work(slot));
  }
  stop.request_stop();

  REQUIRE_FALSE(phase.work(slot));
  REQUIRE(phase.samples() == 8);
  REQUIRE(phase.is_complete());
}

TEST_CASE("an interrupted phase says so and keeps what was done") {
  for (const p::graph& graph : disciplines(1)) {
    const auto data = t::blank(200);
    auto plan = t::plan_of(std::make_shared<t::tally>(1), graph, 1);
    plan.schedule = k::constant_step(1.0);
    plan.chunk_rows = 64;
    std::stop_source stop;
    plan.interrupt = stop.get_token();
    const auto setup =
        std::make_shared<const a::replica_setup>(lone_setup(plan, data));
    const auto state = std::make_shared<a::replica_state>(*setup);
    a::local_phase phase(
        setup, state, {setup, state->order, nullptr},
        a::plan_phase(setup->cut, 0, setup->cut.chunks().before(1),
                      *plan.objective, plan.schedule));
    a::worker_slot slot;

    REQUIRE(phase.work(slot));
    stop.request_stop();
    REQUIRE_FALSE(phase.work(slot));

    REQUIRE_FALSE(phase.is_complete());
    REQUIRE(phase.samples() == 64);
    REQUIRE(state->vector.data()[0] == 64.0F);
  }
}

TEST_CASE("ordered and locked writes lose nothing among threads", "[stress]") {
  for (const bool sparse : {true, false}) {
    const auto layout = sparse ? k::layout::sparse : k::layout::dense_byte;
    const auto data =
        t::exact_problem(k::linear_model::svm, layout, 4000, 20, 7);
    auto expected = occurrences(data);
    for (float& count : expected) {
      count *= 3;
    }
    for (const p::graph& graph : {p::locked(4), p::aig(4), p::round_robin(4)}) {
      auto plan = t::plan_of(std::make_shared<t::tally>(20), graph, 3);
      plan.schedule = k::constant_step(1.0);
      plan.chunk_rows = 50;
      plan.deterministic = false;

      INFO("rule " << graph.replicas[0].sharing.index() << ", sparse "
                   << sparse);
      REQUIRE(parameters_after(plan, data) == expected);
    }
  }
}

TEST_CASE("lock-free writes of threads never count too much", "[stress]") {
  const auto data =
      t::random_problem(k::linear_model::svm, k::layout::sparse, 4000, 20, 8);
  const auto expected = occurrences(data);
  for (const std::size_t head : {0U, 20U}) {
    auto plan = t::plan_of(std::make_shared<t::tally>(20),
                           p::hogwild(4, {head, {}}), 1);
    plan.schedule = k::constant_step(1.0);
    plan.chunk_rows = 50;
    plan.deterministic = false;

    const auto found = parameters_after(plan, data);

    for (std::size_t u = 0; u < 20; ++u) {
      REQUIRE(found[u] <= expected[u]);
      REQUIRE(found[u] > 0.0F);
    }
  }
}

TEST_CASE("hogwild with a private head is within 2 % of serial", "[stress]") {
  const auto data = t::text_like(4000, 300, 9);
  const auto model = k::make_linear(k::linear_model::svm, data, 1,
                                    {k::penalty_form::l2, 1e-3});
  auto plan = t::plan_of(model, p::serial(), 8);
  plan.schedule = k::decaying_step(0.5, 0.7);
  plan.deterministic = false;
  const double serial = objective_after(plan, data);

  for (const unsigned workers : {2U, 4U}) {
    plan.graph = p::hogwild(workers);
    INFO(workers << " workers");
    // Within 1 % where each worker has a core; four on two busy ones are late.
    REQUIRE(objective_after(plan, data) == Approx(serial).epsilon(0.02));
  }
}

// A run that was broken off and goes on from a checkpoint is the run that was
// not.

#include <algorithm>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include <catch2/catch.hpp>

#include "actors/run/train.hpp"
#include "kernels/network/layer_line.hpp"
#include "kernels/network/network.hpp"
#include "tests/support/replica_states.hpp"
#include "tests/support/temporary_directory.hpp"

namespace a = sounder::actors;
namespace k = sounder::kernels;
namespace p = sounder::topology;
namespace t = sounder::tests;

namespace {

using Catch::Contains;

/// A checkpoint at every evaluation.
a::checkpointing always(const t::temporary_directory& here) {
  a::checkpointing keeps;
  keeps.folder = std::make_shared<a::checkpoint_folder>(here.path());
  keeps.every = std::chrono::seconds(0);
  return keeps;
}

a::checkpointing from_newest(a::checkpointing keeps) {
  std::vector<std::string> damaged;
  keeps.from =
      std::make_shared<const a::checkpoint>(keeps.folder->newest(damaged));
  REQUIRE(damaged.empty());
  return keeps;
}

/// The same run in two processes, as it were.
a::run_report in_two_parts(a::training_plan plan, const k::dataset& data,
                           unsigned first) {
  const t::temporary_directory here;
  const unsigned epochs = plan.epochs;
  plan.epochs = first;
  const a::run_report before = a::train(plan, data, {}, {}, always(here));
  REQUIRE(before.checkpoint_problem.empty());
  REQUIRE(before.checkpoint == first);
  plan.epochs = epochs;
  const auto after = a::train(plan, data, {}, {}, from_newest(always(here)));
  CHECK(after.checkpoint_problem.empty());
  CHECK(after.checkpoint == after.epochs.back().epoch);
  return after;
}

void check_same(const a::run_report& a, const a::run_report& b) {
  const bool have_same_bits = a.parameters == b.parameters;
  CHECK(have_same_bits);
  CHECK(a.epochs.back().epoch == b.epochs.back().epoch);
  CHECK(a.epochs.back().train_loss == b.epochs.back().train_loss);
  CHECK(a.epochs.back().samples == b.epochs.back().samples);
  CHECK(a.epochs.back().step_size == b.epochs.back().step_size);
  CHECK(a.samples == b.samples);
}

const k::dataset dense = t::random_problem(k::linear_model::softmax,
                                           k::layout::dense_float, 60, 8, 1);

/// With statistics and a layer that draws, but for LARS, which moves so little
/// at first that the loss would rise with them.
a::training_plan network(const p::graph& wiring, k::optimizer_kind by) {
  const bool is_lars = by == k::optimizer_kind::lars;
  const std::string drawing = is_lars ? "" : "batch-norm\ndropout rate=0.25\n";
  auto plan = t::plan_of(
      std::make_shared<k::network>(k::parse_layers(
          "input 8\ndense 6\n" + drawing + "tanh\ndense 3\n", "test")),
      wiring, 10);
  plan.schedule = k::polynomial_step(0.02, 10, 1.0);
  plan.optimizer.kind = by;
  plan.optimizer.weight_decay = is_lars ? 0.0 : 0.01;
  plan.optimizer.trust = 0.2;
  plan.batch_size = 4;
  return plan;
}

}  // namespace

TEST_CASE("resume: every system comes to the bits of a run in one") {
  for (const unsigned workers : {1U, 2U}) {
    for (const auto& [name, wiring] : t::systems(workers)) {
      CAPTURE(name, workers);
      a::training_plan plan = t::logistic(wiring);
      plan.schedule = k::polynomial_step(0.02, 2 * t::epochs, 1.0);

      check_same(in_two_parts(plan, t::sparse, 2), a::train(plan, t::sparse));
    }
  }
}

TEST_CASE("resume: 5 and 5 epochs are 10, with each optimizer") {
  using kind = k::optimizer_kind;
  for (const kind by :
       {kind::sgd, kind::momentum, kind::nesterov, kind::adam, kind::lars}) {
    for (const char* const name :
         {"serial", "allreduce", "local-sgd", "star"}) {
      CAPTURE(name, static_cast<int>(by));
      const auto plan = network(t::system(name, {.replicas = 2}), by);

      check_same(in_two_parts(plan, dense, 5), a::train(plan, dense));
    }
  }
}

TEST_CASE("resume: it does not forget the best loss, nor the goals between") {
  const auto losses = std::make_shared<t::scripted>(
      std::vector<double>{5.0, 4.0, 4.5, 4.25, 4.5, 4.75, 3.0});
  auto plan = t::plan_of(losses, p::serial(), 7);
  plan.schedule = k::constant_step(1.0);
  plan.stop.patience = 3;
  const auto data = t::blank(10);
  const a::run_report whole = a::train(plan, data);
  REQUIRE(whole.stop_reason == a::stop_reason::patience_spent);
  REQUIRE(whole.epochs.back().epoch == 5);

  for (const unsigned first : {2U, 3U, 4U}) {
    CAPTURE(first);
    const a::run_report found = in_two_parts(plan, data, first);
    CHECK(found.stop_reason == a::stop_reason::patience_spent);
    CHECK(found.epochs.front().epoch == first);
    CHECK(found.epochs.back().epoch == 5);
  }
  plan.stop.patience.reset();
  plan.evaluate_every = 3;
  CHECK(in_two_parts(plan, data, 4).epochs[1].epoch == 6);
}

TEST_CASE("resume: an interrupted run goes on from the epoch before") {
  for (const char* const name :
       {"serial", "star", "hogwildpp", "ad-psgd", "allreduce", "ea-wild"}) {
    CAPTURE(name);
    const t::temporary_directory here;
    auto plan = t::logistic(t::system(name, {.replicas = 2}));
    plan.deterministic = false;
    plan.epochs = 100'000;
    plan.schedule = k::constant_step(0.01);
    std::stop_source interrupt;
    plan.interrupt = interrupt.get_token();
    const a::run_report broken = a::train(
        plan, t::sparse, {},
        [&](const a::epoch_record& now) {
          if (now.epoch >= 20) {
            interrupt.request_stop();
          }
        },
        always(here));
    REQUIRE(broken.stop_reason == a::stop_reason::interrupted);
    REQUIRE(broken.checkpoint >= 19U);
    plan.interrupt = {};
    plan.epochs = *broken.checkpoint + 10;

    const a::run_report found =
        a::train(plan, t::sparse, {}, {}, from_newest(always(here)));

    CHECK(found.stop_reason == a::stop_reason::epochs_done);
    CHECK(found.samples == std::uint64_t{t::rows} * plan.epochs);
    CHECK(found.epochs.back().train_loss < broken.epochs.front().train_loss);
    CHECK(found.checkpoint == plan.epochs);
  }
}

TEST_CASE("resume: what does not fit is refused in a line") {
  const t::temporary_directory here;
  const a::training_plan plan = t::logistic(t::system("easgd"));
  static_cast<void>(a::train(plan, t::sparse, {}, {}, always(here)));
  const auto refusal = [&](a::training_plan other, const k::dataset& data) {
    try {
      static_cast<void>(
          a::train(other, data, {}, {}, from_newest(always(here))));
    } catch (const std::invalid_argument& problem) {
      return std::string(problem.what());
    }
    return std::string("nothing");
  };
  auto more = plan;
  more.epochs += 1;

  CHECK(refusal(more, t::sparse) == "nothing");
  CHECK_THAT(refusal(plan, t::sparse), Contains("nothing is left"));
  auto other = more;
  other.epochs += 1;
  other.batch_size = 2;
  CHECK_THAT(refusal(other, t::sparse),
             Contains("the checkpoint does not fit") &&
                 Contains("of another wiring or plan"));
  other.objective = std::make_shared<t::tally>(3);
  CHECK_THAT(refusal(other, t::sparse), Contains("of another model"));
  const k::dataset samples = t::random_problem(
      k::linear_model::logistic, k::layout::sparse, t::rows, 30, 6);
  other = more;
  other.epochs += 1;
  CHECK_THAT(refusal(other, samples), Contains("other samples"));
}

TEST_CASE("resume: more replicas, or fewer, begin with the model") {
  const t::temporary_directory here;
  auto plan = t::logistic(t::system("star", {.replicas = 2}));
  plan.schedule = k::constant_step(0.02);
  const a::run_report before = a::train(plan, t::sparse, {}, {}, always(here));
  plan.epochs += 1;
  for (const char* const name : {"star", "ad-psgd", "allreduce", "serial"}) {
    for (const unsigned replicas : {1U, 3U}) {
      CAPTURE(name, replicas);
      auto other = plan;
      other.graph = t::system(name, {.replicas = replicas});
      a::checkpointing from = from_newest(always(here));
      from.folder = nullptr;

      const a::run_report found = a::train(other, t::sparse, {}, {}, from);

      CHECK(found.epochs.back().epoch == plan.epochs);
      CHECK(found.samples == std::uint64_t{t::rows} * plan.epochs);
      CHECK(found.epochs.back().train_loss < before.epochs.back().train_loss);
    }
  }
}

TEST_CASE("resume: a run outlives the folder of its checkpoints") {
  const t::temporary_directory here;
  a::checkpointing keeps = always(here);
  const a::training_plan plan = t::logistic(t::system("star"));
  std::filesystem::remove_all(here.path());

  const a::run_report found = a::train(plan, t::sparse, {}, {}, keeps);

  CHECK(found.stop_reason == a::stop_reason::epochs_done);
  CHECK_FALSE(found.checkpoint);
  CHECK_THAT(found.checkpoint_problem, Contains("cannot write"));
}

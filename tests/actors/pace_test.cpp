// Replicas of unequal speed: the fast ones walk for the slow ones, or wait
// before they lose touch. Cores without workers evaluate.

#include <array>
#include <chrono>
#include <thread>

#include <catch2/catch.hpp>

#include "actors/plan/run_policy.hpp"
#include "actors/run/train.hpp"
#include "kernels/data/parallel.hpp"
#include "tests/support/training.hpp"
#include "topology/compose.hpp"
#include "topology/systems.hpp"

namespace a = sounder::actors;
namespace k = sounder::kernels;
namespace p = sounder::topology;
namespace t = sounder::tests;

namespace {

/// Of so few rows the odd ones are the second replica's. It is slow.
class uneven : public t::tally {
 public:
  uneven() : tally(1) {}

  void add_gradient(const k::dataset& data, std::span<const std::uint32_t> rows,
                    const float* w, std::span<float> gradient) const override {
    tally::add_gradient(data, rows, w, gradient);
    for (const std::uint32_t i : rows) {
      if (i % 2 == 1) {
        std::this_thread::sleep_for(std::chrono::microseconds(100));
      }
      ++done[i % 2];
    }
    ahead = std::max(ahead.load(), done[0].load() - done[1].load());
  }

  mutable std::array<std::atomic<int>, 2> done{};
  mutable std::atomic<int> ahead{0};  // of the slow one
};

/// One replica is slow, whatever it steps on: the one whose worker comes first.
class one_slow_worker : public t::tally {
 public:
  one_slow_worker() : tally(1) {}

  void add_gradient(const k::dataset& data, std::span<const std::uint32_t> rows,
                    const float* w, std::span<float> gradient) const override {
    tally::add_gradient(data, rows, w, gradient);
    std::thread::id nobody;
    const auto me = std::this_thread::get_id();
    slow.compare_exchange_strong(nobody, me);
    for (const std::uint32_t i : rows) {
      if (slow == me) {
        std::this_thread::sleep_for(std::chrono::milliseconds(1));
        ++by_slow;
      }
      ++done[i % 2];
    }
  }

  mutable std::atomic<std::thread::id> slow{};
  mutable std::atomic<int> by_slow{0};
  mutable std::array<std::atomic<int>, 2> done{};  // of each replica's samples
};

constexpr int rows = 8;  // of each

a::training_plan plan_for(std::shared_ptr<const k::objective> objective,
                          unsigned epochs) {
  p::wiring_options options;
  options.replicas = 2;
  options.tau = rows;
  auto plan =
      t::plan_of(std::move(objective), *p::by_name("star", options), epochs);
  plan.deterministic = false;
  plan.evaluate_every = epochs;
  return plan;
}

}  // namespace

TEST_CASE("pace: nobody is far ahead, however rarely is evaluated",
          "[stress]") {
  const auto objective = std::make_shared<uneven>();

  const auto report = a::train(plan_for(objective, 200), t::blank(2 * rows));

  REQUIRE(report.stop_reason == a::stop_reason::epochs_done);
  REQUIRE(report.samples == 200 * 2 * rows);
  // Eight phases of an epoch each, the one it walks, and the slow one's.
  REQUIRE(objective->ahead <= (8 + 2) * rows);
}

TEST_CASE("pace: who meets nobody himself keeps up with who meets him",
          "[stress]") {
  const auto objective = std::make_shared<uneven>();
  auto plan = plan_for(objective, 100);
  const bool is_slow_met = GENERATE(false, true);
  const p::edge link = is_slow_met ? p::edge{0, 1} : p::edge{1, 0};
  std::vector<p::replica> two(2);
  two[1].name = "other";
  plan.graph = p::wire(two, {link}, p::elastic{0.3}, p::every{rows});

  const auto report = a::train(plan, t::blank(2 * rows));

  REQUIRE(report.stop_reason == a::stop_reason::epochs_done);
  REQUIRE(objective->ahead <= (8 + 2) * rows);
}

TEST_CASE("pace: shares follow speed, and every sample is walked once an epoch",
          "[stress]") {
  const auto* const system = GENERATE("star", "ad-psgd", "ea-wild", "async-ps");
  CAPTURE(system);
  if (k::thread_count(0) < 2) {
    WARN("skipped: two replicas share ways on two processors");
    return;
  }
  constexpr int epochs = 60;
  const auto objective = std::make_shared<one_slow_worker>();
  auto plan = plan_for(objective, epochs);
  plan.graph = *p::by_name(system, {.replicas = 2, .tau = 2});

  const auto report = a::train(plan, t::blank(2 * rows));

  REQUIRE(report.stop_reason == a::stop_reason::epochs_done);
  CHECK(report.samples == epochs * 2 * rows);
  CHECK(objective->done[0] == epochs * rows);
  CHECK(objective->done[1] == epochs * rows);
  CHECK(objective->by_slow < epochs * rows / 2);  // half of a fair share
}

TEST_CASE("pace: a lag that is asked for makes the others wait", "[stress]") {
  if (k::thread_count(0) < 2) {
    WARN("skipped: two replicas share ways on two processors");
    return;
  }
  constexpr int epochs = 40;
  const auto objective = std::make_shared<one_slow_worker>();
  auto plan = plan_for(objective, epochs);
  plan.max_lag = 2.0;  // phases, and here there is one an epoch

  const auto report = a::train(plan, t::blank(2 * rows));

  REQUIRE(report.stop_reason == a::stop_reason::epochs_done);
  REQUIRE(report.samples == epochs * 2 * rows);
  // While it is in a phase the others walk 2 x 2 and some that were under way;
  // without the lag they would walk all there are.
  CHECK(objective->by_slow >= epochs * 2 * rows / 12);
}

TEST_CASE("pace: how far replicas may be apart") {
  const auto cut_into = [](std::size_t phases) {
    a::epoch_cut epoch;
    epoch.batch_size = 1;
    epoch.chunks = a::cut_epoch(1000, 1, 10, 1);
    for (std::size_t k = 1; k <= phases; ++k) {
      epoch.phase_ends.push_back(k * epoch.chunks.size() / phases);
    }
    return a::run_cut({epoch});
  };
  a::training_plan plan;

  CHECK(a::most_lead(plan, cut_into(20), false) == 20);
  CHECK(a::most_lead(plan, cut_into(2), false) == 8);
  CHECK(a::most_lead(plan, cut_into(20), true) == a::any_lead);
  CHECK(a::stride_of(plan, cut_into(2), 3, false).length == 8);
  CHECK(a::stride_of(plan, cut_into(2), 3, false).lead == 8);
  CHECK(a::stride_of(plan, cut_into(2), 3, true).length == 8);
  CHECK(a::stride_of(plan, cut_into(2), 3, true).lead > 1'000'000);
  CHECK(a::stride_of(plan, cut_into(20), 3, false).length == 1);
  CHECK(a::stride_of(plan, cut_into(2), 1, false).length > 1'000'000);

  const auto reach = [&] {
    const a::stride stride = a::stride_of(plan, cut_into(2), 3, true);
    return stride.length + stride.lead;
  };
  plan.max_lag = 0.25;
  CHECK(a::most_lead(plan, cut_into(20), false) == 5);
  CHECK(a::most_lead(plan, cut_into(20), true) == 5);
  CHECK(a::most_lead(plan, cut_into(2), true) == 1);
  CHECK(reach() == 1);
  plan.max_lag = 3.0;
  CHECK(a::most_lead(plan, cut_into(2), false) == 6);
  CHECK(reach() == 3);
  plan.max_lag = 100.0;
  CHECK(reach() == 100);
}

TEST_CASE("pace: a run that is cut short has everybody's samples", "[stress]") {
  const auto objective = std::make_shared<uneven>();
  a::training_plan plan = plan_for(objective, 1'000'000);
  plan.stop.wall_clock = std::chrono::milliseconds(300);

  const auto report = a::train(plan, t::blank(2 * rows));

  REQUIRE(report.stop_reason == a::stop_reason::time_spent);
  REQUIRE(report.samples ==
          static_cast<std::uint64_t>(objective->done[0] + objective->done[1]));
  REQUIRE(report.parameters.size() == 1);
  REQUIRE(report.train_s > 0.25);
}

TEST_CASE("cores without a worker are idle during an evaluation") {
  const unsigned cores = k::thread_count(0);
  auto plan = t::plan_of(std::make_shared<t::tally>(1),
                         *p::by_name("star", {.replicas = 2}), 1);
  plan.deterministic = false;
  const unsigned left = cores > 2 ? cores - 2 : 0;

  CHECK(a::idle_cores(plan, true) == left);
  CHECK(a::idle_cores(plan, false) == left);
  for (p::replica& each : plan.graph.replicas) {
    each.place = "elsewhere";
  }
  CHECK(a::idle_cores(plan, true) == left);
  CHECK(a::idle_cores(plan, false) == cores);
  plan.deterministic = true;
  CHECK(a::idle_cores(plan, false) == 0);
}

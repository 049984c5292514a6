// Replicas of unequal speed: the fast ones wait before they lose touch. Cores
// without workers evaluate.

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

constexpr int rows = 8;  // of each

a::training_plan plan_for(std::shared_ptr<const uneven> objective,
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

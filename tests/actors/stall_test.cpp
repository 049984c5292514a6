#include <chrono>
#include <thread>

#include <catch2/catch.hpp>

#include "actors/run/train.hpp"
#include "tests/support/training.hpp"

namespace a = sounder::actors;
namespace k = sounder::kernels;
namespace p = sounder::topology;
namespace t = sounder::tests;

namespace {

a::training_plan gated_plan(std::shared_ptr<const t::gated> gate,
                            p::graph graph) {
  auto plan = t::plan_of(std::move(gate), std::move(graph), 3);
  plan.deterministic = false;
  plan.stall_deadline = std::chrono::milliseconds(200);
  plan.chunk_rows = 10;
  return plan;
}

}  // namespace

TEST_CASE("stall: a worker that hangs ends the run, which names it",
          "[stress]") {
  const auto gate = std::make_shared<t::gated>(1, 150);

  const auto report = a::train(gated_plan(gate, p::serial()), t::blank(100));
  gate->let_go();

  REQUIRE(report.stop_reason == a::stop_reason::stalled);
  REQUIRE(report.epochs.size() <= 1);  // hung within the second epoch
  REQUIRE_THAT(report.message, Catch::Contains("no progress for"));
  REQUIRE_THAT(report.message, Catch::EndsWith("waiting for worker 0"));
}

TEST_CASE("stall: the workers that are done are not blamed", "[stress]") {
  const auto gate = std::make_shared<t::gated>(1, 0);

  const auto report = a::train(gated_plan(gate, p::locked(2)), t::blank(100));
  gate->let_go();

  REQUIRE(report.stop_reason == a::stop_reason::stalled);
  REQUIRE_THAT(report.message,
               Catch::EndsWith("worker 0") || Catch::EndsWith("worker 1"));
  REQUIRE_THAT(report.message, !Catch::Contains("0, 1"));
}

TEST_CASE("stall: slow but moving is not stalled", "[stress]") {
  // A chunk a millisecond for two deadlines.
  class slow : public t::tally {
   public:
    slow() : tally(1) {}
    void add_gradient(const k::dataset&, std::span<const std::uint32_t>,
                      const float*, std::span<float>) const override {
      const auto end =
          std::chrono::steady_clock::now() + std::chrono::milliseconds(1);
      while (std::chrono::steady_clock::now() < end) {
      }
    }
  };
  auto plan = t::plan_of(std::make_shared<slow>(), p::serial(), 1);
  plan.deterministic = false;
  plan.chunk_rows = 1;
  plan.stall_deadline = std::chrono::milliseconds(150);

  REQUIRE(a::train(plan, t::blank(300)).stop_reason ==
          a::stop_reason::epochs_done);
}

TEST_CASE("stall: a batch may take what its objective says", "[stress]") {
  // Four batches of 300 ms, and a deadline of 150.
  class heavy : public t::tally {
   public:
    heavy() : tally(1) {}
    double row_cost(double /*values*/) const noexcept override { return 2e8; }
    void add_gradient(const k::dataset&, std::span<const std::uint32_t>,
                      const float*, std::span<float>) const override {
      std::this_thread::sleep_for(std::chrono::milliseconds(300));
    }
  };
  auto plan = t::plan_of(std::make_shared<heavy>(), p::serial(), 1);
  plan.deterministic = false;
  plan.chunk_rows = 1;
  plan.stall_deadline = std::chrono::milliseconds(150);

  REQUIRE(a::train(plan, t::blank(4)).stop_reason ==
          a::stop_reason::epochs_done);
}

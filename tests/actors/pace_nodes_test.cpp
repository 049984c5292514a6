// A slow node: the others walk for it, where they have its samples.

#include <atomic>
#include <chrono>
#include <functional>
#include <limits>
#include <string>
#include <thread>

#include <catch2/catch.hpp>

#include "actors/run/train.hpp"
#include "tests/support/served_node.hpp"
#include "tests/support/training.hpp"
#include "topology/systems.hpp"

namespace a = sounder::actors;
namespace k = sounder::kernels;
namespace p = sounder::topology;
namespace t = sounder::tests;

namespace {

/// Counts what is stepped on with it, and takes its time.
class paced : public t::tally {
 public:
  explicit paced(std::chrono::microseconds a_sample)
      : tally(1), a_sample_(a_sample) {}

  void add_gradient(const k::dataset& data, std::span<const std::uint32_t> rows,
                    const float* w, std::span<float> gradient) const override {
    tally::add_gradient(data, rows, w, gradient);
    std::this_thread::sleep_for(a_sample_ * rows.size());
    while (stepped >= stops_after && !go_on) {
      std::this_thread::sleep_for(std::chrono::milliseconds(1));
    }
    stepped += static_cast<int>(rows.size());
  }
  std::string describe() const override { return "paced"; }

  mutable std::atomic<int> stepped{0};
  /// Stands still after so many samples until it may go on.
  int stops_after = std::numeric_limits<int>::max();
  std::atomic<bool> go_on{false};

 private:
  std::chrono::microseconds a_sample_;
};

constexpr auto fast = std::chrono::microseconds(20);
constexpr auto slow = std::chrono::microseconds(1000);
constexpr int rows = 64;  // of each replica
constexpr int epochs = 60;

struct ways_walked {
  a::run_report report;
  int here = 0;  // samples
  int there = 0;
};

struct setting {
  std::string system = "star";
  std::chrono::microseconds here = fast;
  std::chrono::microseconds there = slow;
  bool node_has_samples = true;
  bool node_has_part = false;  // samples of its own: as many as the leader's
  std::function<void(a::training_plan&)> change = [](a::training_plan&) {};
};

/// Two replicas, one here, one on a node.
ways_walked walk(const setting& at) {
  const auto of_node = std::make_shared<paced>(at.there);
  a::node_options options;
  options.make_objective = [&](const std::string&, const k::dataset&) {
    return of_node;
  };
  if (at.node_has_part) {
    options.open_part = [](const std::string&) { return t::blank(rows); };
  } else if (at.node_has_samples) {
    options.open_data = [](const std::string&) { return t::blank(2 * rows); };
  }
  const t::served_node node(options);
  const auto of_leader = std::make_shared<paced>(at.here);
  a::training_plan plan = t::plan_of(
      of_leader, *p::by_name(at.system, {.replicas = 2, .tau = 8}), epochs);
  plan.deterministic = false;
  plan.evaluate_every = epochs;
  plan.graph.replicas[1].place = node.at().text();
  at.change(plan);

  ways_walked found;
  found.report = a::train(plan, t::blank(at.node_has_part ? rows : 2 * rows));
  found.here = of_leader->stepped;
  found.there = of_node->stepped;
  return found;
}

}  // namespace

TEST_CASE("pace: over nodes, too, shares follow speed", "[stress]") {
  const auto* const system = GENERATE("star", "ad-psgd", "ea-wild", "async-ps");
  const bool node_has_samples = GENERATE(true, false);
  CAPTURE(system, node_has_samples);

  const ways_walked found =
      walk({.system = system, .node_has_samples = node_has_samples});

  REQUIRE(found.report.stop_reason == a::stop_reason::epochs_done);
  CHECK(found.report.samples == epochs * 2 * rows);
  CHECK(found.here + found.there == epochs * 2 * rows);
  CHECK(found.there < epochs * rows / 2);  // half of a fair share
}

TEST_CASE("pace: a node helps whose samples it has", "[stress]") {
  const bool node_has_samples = GENERATE(true, false);
  CAPTURE(node_has_samples);

  const ways_walked found =
      walk({.here = slow, .there = fast, .node_has_samples = node_has_samples});

  REQUIRE(found.report.stop_reason == a::stop_reason::epochs_done);
  CHECK(found.here + found.there == epochs * 2 * rows);
  if (node_has_samples) {
    CHECK(found.here < epochs * rows / 2);
  } else {
    CHECK(found.here == epochs * rows);
  }
}

TEST_CASE("pace: who waits for others walks his own over nodes", "[stress]") {
  const auto* const system = GENERATE("sync", "hogwildpp", "ssp", "easgd");
  CAPTURE(system);

  const ways_walked found =
      walk({.system = system, .there = std::chrono::microseconds(200)});

  REQUIRE(found.report.stop_reason == a::stop_reason::epochs_done);
  CHECK(found.here == epochs * rows);
  CHECK(found.there == epochs * rows);
}

TEST_CASE("pace: a node's own samples stay its own", "[stress]") {
  const ways_walked found =
      walk({.there = std::chrono::microseconds(200), .node_has_part = true});

  REQUIRE(found.report.stop_reason == a::stop_reason::epochs_done);
  CHECK(found.here == epochs * rows);
  CHECK(found.there == epochs * rows);
}

TEST_CASE("pace: strides are dealt whatever else a run does", "[stress]") {
  const auto concurrent = [](a::training_plan& plan) {
    plan.evaluation = a::evaluation_mode::concurrent;
    plan.evaluate_every = 7;
  };
  const auto two_stage = [](a::training_plan& plan) {
    plan.batch_size = 8;
    plan.gd.epochs = 3;
    plan.gd.batch_size = 2;
  };
  const auto lag = [](a::training_plan& plan) { plan.max_lag = 3.0; };
  const auto which = GENERATE(0, 1, 2);
  CAPTURE(which);
  const std::function<void(a::training_plan&)> changes[] = {concurrent,
                                                            two_stage, lag};

  const ways_walked found = walk({.change = changes[which]});

  REQUIRE(found.report.stop_reason == a::stop_reason::epochs_done);
  CHECK(found.report.samples == epochs * 2 * rows);
  CHECK(found.here + found.there == epochs * 2 * rows);
  CHECK(found.there < epochs * rows / 2);
}

TEST_CASE("pace: a run that ends within a dealt stride has all samples",
          "[stress]") {
  const ways_walked found = walk({.change = [](a::training_plan& plan) {
    plan.epochs = 1'000'000;
    plan.evaluate_every = plan.epochs;
    plan.stop.wall_clock = std::chrono::milliseconds(700);
  }});

  REQUIRE(found.report.stop_reason == a::stop_reason::time_spent);
  CHECK(found.report.samples ==
        static_cast<std::uint64_t>(found.here + found.there));
}

TEST_CASE("pace: who has stopped is waited for at the end only", "[stress]") {
  const auto* const system = GENERATE("star", "ad-psgd", "ea-wild", "async-ps");
  const bool node_has_samples = GENERATE(true, false);
  const int stops_after = GENERATE(0, 5 * rows);
  CAPTURE(system, node_has_samples, stops_after);
  constexpr unsigned resumes_at = epochs - 10;
  const auto of_node = std::make_shared<paced>(fast);
  of_node->stops_after = stops_after;
  a::node_options options;
  options.make_objective = [&](const std::string&, const k::dataset&) {
    return of_node;
  };
  if (node_has_samples) {
    options.open_data = [](const std::string&) { return t::blank(3 * rows); };
  }
  const t::served_node node(options);
  const auto of_leader = std::make_shared<paced>(fast);
  a::training_plan plan = t::plan_of(
      of_leader, *p::by_name(system, {.replicas = 3, .tau = 8}), epochs);
  plan.deterministic = false;
  plan.graph.replicas[2].place = node.at().text();

  int by_node_then = 0;
  const a::run_report report =
      a::train(plan, t::blank(3 * rows), {}, [&](const a::epoch_record& at) {
        if (at.epoch == resumes_at) {
          by_node_then = of_node->stepped;
          of_node->go_on = true;
        }
      });

  REQUIRE(report.stop_reason == a::stop_reason::epochs_done);
  REQUIRE(report.epochs.size() == epochs);
  CHECK(by_node_then <= stops_after);
  CHECK(report.samples == epochs * 3 * rows);
  CHECK(of_leader->stepped + of_node->stepped == epochs * 3 * rows);
  CHECK(report.epochs.back().samples == report.samples);
}

// Code of users that throws at a node: its words reach whoever started the run.

#include <atomic>
#include <chrono>
#include <stdexcept>
#include <utility>

#include <catch2/catch.hpp>

#include "actors/run/train.hpp"
#include "tests/support/served_node.hpp"
#include "tests/support/training.hpp"
#include "topology/systems.hpp"

namespace {

namespace a = sounder::actors;
namespace k = sounder::kernels;
namespace p = sounder::topology;
namespace t = sounder::tests;
using clock = std::chrono::steady_clock;

/// Takes `good` gradients, then throws.
class throwing : public t::tally {
 public:
  explicit throwing(int good) : tally(1), good_(good) {}

  std::string describe() const override { return "throwing"; }
  void add_gradient(const k::dataset& data, std::span<const std::uint32_t> rows,
                    const float* w, std::span<float> gradient) const override {
    if (asked_.fetch_add(1) >= good_) {
      throw std::runtime_error("the well is dry");
    }
    tally::add_gradient(data, rows, w, gradient);
  }

 private:
  int good_;
  mutable std::atomic<int> asked_{0};
};

constexpr int for_ever = 1 << 30;

a::node_options throws_after(int good) {
  a::node_options options;
  options.make_objective = [=](const std::string&, const k::dataset&) {
    return std::make_shared<throwing>(good);
  };
  return options;
}

a::training_plan plan_at(const t::served_node& node,
                         const std::string& system) {
  return t::plan_at(node, system, std::make_shared<throwing>(for_ever), 1000);
}

std::string what_ends(const a::training_plan& plan) {
  try {
    return std::string(a::name(a::train(plan, t::blank(100)).stop_reason));
  } catch (const std::exception& problem) {
    return problem.what();
  }
}

}  // namespace

TEST_CASE("what an objective throws at a node ends the run in its words") {
  const std::string system =
      GENERATE("star", "sync", "allreduce", "ad-psgd", "hogwildpp");
  const int good = GENERATE(0, 150);
  INFO(system << ", after " << good);
  const t::served_node node(throws_after(good));
  const auto began = clock::now();

  const std::string why = what_ends(plan_at(node, system));

  CHECK(why ==
        "the run broke off: node " + node.at().text() + ": the well is dry");
  CHECK(clock::now() - began < std::chrono::seconds(15));  // no deadline
  // Unless the leader, which has been told, is the first to go, or to let go.
  CHECK_THAT(node.said(), Catch::Contains("let the run go: the well is dry") ||
                              Catch::Contains("the leader is gone") ||
                              Catch::Contains("done; waiting for work"));
  CHECK(node.is_waiting());
}

TEST_CASE("what throws at a node ends replicas elsewhere, too") {
  const std::string system =
      GENERATE("star", "sync", "easgd", "async-ps", "ssp", "allreduce",
               "all-to-all", "d-psgd", "sgp", "ad-psgd", "hogwildpp");
  const unsigned workers = GENERATE(1U, 2U);
  INFO(system << ", " << workers << " workers");
  const t::served_node node(throws_after(150));
  const t::served_node other(throws_after(for_ever));
  a::training_plan plan = plan_at(node, system);
  std::string place = GENERATE(false, true) ? "" : other.at().text();
  for (p::replica& replica : plan.graph.replicas) {
    if (!replica.is_hub()) {
      replica.workers = workers;
      replica.place = std::exchange(place, node.at().text());
    }
  }
  const auto began = clock::now();

  const std::string why = what_ends(plan);

  CHECK(why ==
        "the run broke off: node " + node.at().text() + ": the well is dry");
  CHECK(clock::now() - began < std::chrono::seconds(15));  // no deadline
  CHECK(node.is_waiting());
  CHECK(other.is_waiting());
}

TEST_CASE("what opens a node's samples and throws is told in its words") {
  a::node_options options;
  options.open_data = [](const std::string&) -> std::optional<k::dataset> {
    throw std::runtime_error("the disk is out");
  };
  const t::served_node node(options);

  CHECK(what_ends(plan_at(node, "star")) ==
        "node " + node.at().text() + ": the disk is out");
  CHECK(node.is_waiting());
}

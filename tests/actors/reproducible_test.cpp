// What topology::why_not_reproducible lets pass comes to the same bits on
// threads, however these are held up.

#include "topology/reproducible.hpp"

#include <atomic>
#include <memory>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include <catch2/catch.hpp>

#include "actors/run/train.hpp"
#include "kernels/model/linear.hpp"
#include "kernels/network/layer_line.hpp"
#include "kernels/network/network.hpp"
#include "tests/support/alternatives.hpp"
#include "tests/support/own_rule.hpp"
#include "tests/support/problems.hpp"
#include "topology/compose.hpp"
#include "topology/describe.hpp"
#include "topology/shapes.hpp"
#include "topology/systems.hpp"

namespace a = sounder::actors;
namespace k = sounder::kernels;
namespace p = sounder::topology;
namespace t = sounder::tests;

namespace {

constexpr unsigned replicas = 3;
constexpr std::size_t rows = 301;  // shards of unequal size
constexpr int runs = 3;

/// Keeps processors busy, so that threads wait for one in any order.
class busy_machine {
 public:
  busy_machine() {
    for (std::jthread& each : loops_) {
      each = std::jthread([this] {
        while (!is_over_.load(std::memory_order_relaxed)) {
        }
      });
    }
  }
  ~busy_machine() { is_over_.store(true); }
  busy_machine(const busy_machine&) = delete;
  busy_machine& operator=(const busy_machine&) = delete;

 private:
  std::atomic<bool> is_over_{false};
  std::vector<std::jthread> loops_{3};
};

struct problem {
  std::string name;
  k::dataset data;
  std::shared_ptr<const k::objective> objective;
};

std::vector<problem> problems() {
  const k::dataset words = t::text_like(rows, 64, 3);
  const k::dataset dense = t::random_problem(
      k::linear_model::softmax, k::layout::dense_float, rows, 8, 5);
  const k::regulariser penalty = {k::penalty_form::l2, 0.01};
  return {
      {"sparse", words,
       k::make_linear(k::linear_model::svm, words, 2, penalty)},
      {"dense", dense,
       k::make_linear(k::linear_model::softmax, dense, t::classes, penalty)},
      {"a network", dense,
       std::make_shared<k::network>(k::parse_layers(
           "input 8\ndense 6\nbatch-norm\nrelu\ndropout rate=0.5\ndense 3\n",
           "test"))}};
}

a::training_plan plan_of(const problem& of, const p::graph& wiring) {
  a::training_plan plan;
  plan.graph = wiring;
  plan.exchanges = t::own_rules();
  plan.objective = of.objective;
  plan.schedule = k::polynomial_step(0.05, 4.0, 1.0);
  plan.batch_size = 4;
  plan.epochs = 4;
  plan.evaluation = a::evaluation_mode::between;
  return plan;
}

/// Requires that some runs come to the same; returns it.
std::vector<float> same_every_time(const a::training_plan& plan,
                                   const k::dataset& data) {
  const std::vector<float> first = a::train(plan, data).parameters;
  for (int run = 1; run < runs; ++run) {
    REQUIRE(a::train(plan, data).parameters == first);
  }
  return first;
}

/// The graph, if it can run and why_not_reproducible has nothing against it.
std::optional<p::graph> if_reproducible(const p::graph& wiring) {
  const bool is =
      p::validate(wiring).empty() && p::why_not_reproducible(wiring).empty();
  return is ? std::optional(wiring) : std::nullopt;
}

/// Around a hub and on a ring, with whatever passes.
std::vector<p::graph> all_pairs() {
  std::vector<p::graph> found;
  for (const p::exchange& rule : t::all_of<p::exchange>()) {
    for (const p::discipline& when : t::all_of<p::discipline>()) {
      std::vector<p::replica> all(replicas + 1);
      for (std::size_t i = 0; i < all.size(); ++i) {
        all[i].name = "r" + std::to_string(i);
      }
      const std::vector<p::replica> peers(all.begin() + 1, all.end());
      all.front().workers = 0;
      for (const p::graph& wiring :
           {p::wire(all, {{1, 0}, {2, 0}, {3, 0}}, rule, when),
            p::wire(peers, p::shapes::ring(replicas), rule, when)}) {
        if (const auto fine = if_reproducible(wiring)) {
          found.push_back(*fine);
        }
      }
    }
  }
  return found;
}

}  // namespace

TEST_CASE("reproducible: threads come to the same bits in every system",
          "[stress]") {
  const busy_machine around;
  for (const std::string& system : p::names()) {
    const auto wiring =
        if_reproducible(*p::by_name(system, {.replicas = replicas}));
    for (const problem& each : problems()) {
      if (wiring) {
        INFO(system << ", " << each.name);
        a::training_plan plan = plan_of(each, *wiring);
        const auto plain = same_every_time(plan, each.data);
        plan.optimizer.kind = k::optimizer_kind::momentum;
        REQUIRE(same_every_time(plan, each.data) != plain);
      }
    }
  }
}

TEST_CASE("reproducible: whatever exchange goes with whatever discipline",
          "[stress]") {
  const busy_machine around;
  const problem sparse = problems().front();
  const std::vector<p::graph> all = all_pairs();
  for (const p::graph& wiring : all) {
    INFO(p::describe(wiring.links.front()));
    same_every_time(plan_of(sparse, wiring), sparse.data);
  }
  REQUIRE(all.size() > 20);
}

TEST_CASE("reproducible: looking more often changes nothing", "[stress]") {
  const busy_machine around;
  for (const char* const system : {"star-in-turn", "allreduce", "d-psgd"}) {
    for (const problem& each : problems()) {
      INFO(system << ", " << each.name);
      a::training_plan plan =
          plan_of(each, *p::by_name(system, {.replicas = replicas}));
      const auto often = same_every_time(plan, each.data);
      plan.evaluate_every = plan.epochs;

      REQUIRE(same_every_time(plan, each.data) == often);
    }
  }
}

TEST_CASE("reproducible: threads come to the bits of a deterministic run",
          "[stress]") {
  for (const char* const system : {"star-in-turn", "allreduce", "easgd"}) {
    INFO(system);
    const problem sparse = problems().front();
    a::training_plan plan =
        plan_of(sparse, *p::by_name(system, {.replicas = replicas}));
    const auto on_threads = a::train(plan, sparse.data).parameters;
    plan.deterministic = true;

    REQUIRE(a::train(plan, sparse.data).parameters == on_threads);
  }
}

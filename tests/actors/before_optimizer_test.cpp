// N synchronous replicas are one with their batches together, whatever the
// optimizer: gradients meet before it sees them.

#include <cmath>
#include <string>
#include <vector>

#include <catch2/catch.hpp>

#include "actors/plan/meeting_times.hpp"
#include "actors/run/train.hpp"
#include "kernels/model/linear.hpp"
#include "kernels/network/layer_line.hpp"
#include "kernels/network/network.hpp"
#include "tests/support/plain_walk.hpp"
#include "topology/systems.hpp"

namespace a = sounder::actors;
namespace k = sounder::kernels;
namespace p = sounder::topology;
namespace t = sounder::tests;

namespace {

// Shards are dealt out in blocks that divide a batch, so that the batches of
// all replicas are one stretch of the rows.
constexpr std::size_t rows = 96;
constexpr std::size_t batch_of_all = 16;
constexpr std::size_t classes = 4;
const k::dataset data = t::random_samples(rows, 8, classes);

struct way {
  const char* name;
  k::optimizer optimizer;
  double step;
  unsigned gd_epochs = 0;
};

k::optimizer of_kind(k::optimizer_kind kind, double decay) {
  k::optimizer made;
  made.kind = kind;
  made.weight_decay = decay;
  made.trust = 0.05;
  return made;
}

std::vector<way> ways() {
  using kind = k::optimizer_kind;
  return {{"sgd", of_kind(kind::sgd, 0.0), 0.1},
          {"sgd with decay", of_kind(kind::sgd, 0.1), 0.1},
          {"momentum", of_kind(kind::momentum, 0.1), 0.02},
          {"nesterov", of_kind(kind::nesterov, 0.1), 0.02},
          {"adam", of_kind(kind::adam, 0.1), 0.01},
          {"lars", of_kind(kind::lars, 0.01), 0.5},
          {"two stages", of_kind(kind::adam, 0.1), 0.01, 2}};
}

using model = std::shared_ptr<const k::objective>;

std::vector<std::pair<const char*, model>> models() {
  return {{"softmax", k::make_linear(k::linear_model::softmax, data, classes,
                                     {k::penalty_form::l2, 0.01})},
          {"a network", std::make_shared<k::network>(k::parse_layers(
                            "input 8\ndense 6\ntanh\ndense 4\n", "test"))}};
}

/// A run that has visited every row in order, so many at a time.
a::training_plan plan_of(const model& objective, const way& by,
                         const p::graph& wiring, std::size_t batch) {
  a::training_plan plan;
  plan.graph = wiring;
  plan.objective = objective;
  plan.optimizer = by.optimizer;
  plan.gd = {by.gd_epochs, batch};
  plan.schedule = k::polynomial_step(by.step, 5.0, 1.0);
  plan.order.kind = k::order_kind::sequential;
  plan.batch_size = batch;
  plan.epochs = 4;
  return plan;
}

p::graph system(const char* name, unsigned replicas, unsigned hubs = 1) {
  p::wiring_options options;
  options.replicas = replicas;
  options.hubs = hubs;
  return *p::by_name(name, options);
}

/// How far apart two ends are, over how far the way to them was.
double distance(const std::vector<float>& one, const std::vector<float>& other,
                const model& objective) {
  std::vector<float> start(objective->dimension());
  objective->initialise(start, a::training_plan().seed);
  REQUIRE(one.size() == start.size());
  REQUIRE(other.size() == start.size());
  double apart = 0.0;
  double way = 0.0;
  for (std::size_t j = 0; j < one.size(); ++j) {
    const auto at = static_cast<double>(one[j]);
    apart += std::pow(at - static_cast<double>(other[j]), 2);
    way += std::pow(at - static_cast<double>(start[j]), 2);
  }
  REQUIRE(way > 1e-3);
  return std::sqrt(apart / way);
}

std::vector<float> trained(const a::training_plan& plan) {
  const a::run_report report = a::train(plan, data);
  REQUIRE(report.stop_reason == a::stop_reason::epochs_done);
  return report.parameters;
}

/// 24 steps with sums of up to 16 gradients: rounding, amplified where Adam
/// divides by small ones. Averaged steps are 6 % apart and more.
constexpr double rounding = 2e-4;

void require_as_serial(const p::graph& wiring, const way& by,
                       const model& objective) {
  const std::size_t replicas = p::stepping_replicas(wiring);
  const auto serial =
      trained(plan_of(objective, by, p::serial(), batch_of_all));
  CHECK(
      distance(trained(plan_of(objective, by, wiring, batch_of_all / replicas)),
               serial, objective) < rounding);
}

way named(const std::string& name) {
  for (const way& each : ways()) {
    if (each.name == name) {
      return each;
    }
  }
  throw std::invalid_argument(name);
}

}  // namespace

TEST_CASE("before the optimizer: synchronous replicas are serial SGD") {
  for (const char* const name : {"sync", "allreduce", "hierarchical"}) {
    for (const unsigned replicas : {1U, 2U, 4U}) {
      for (const way& by : ways()) {
        for (const auto& [what, objective] : models()) {
          CAPTURE(name, replicas, by.name, what);
          require_as_serial(system(name, replicas), by, objective);
        }
      }
    }
  }
}

TEST_CASE("before the optimizer: sums of gradients") {
  // As means of gradients that are as much larger.
  for (const char* const name : {"nesterov", "two stages"}) {
    way by = named(name);
    by.optimizer.weight_decay = 0.0;
    const model objective = models()[0].second;
    auto mean = plan_of(objective, by, system("sync", 4), 4);
    auto sum = mean;
    for (p::link& link : sum.graph.links) {
      link.exchange = p::gradient{p::combine::sum};
    }
    if (by.optimizer.kind == k::optimizer_kind::nesterov) {
      sum.schedule = k::polynomial_step(by.step / 4.0, 5.0, 1.0);
    } else {  // Adam's steps are as long, whatever the gradients
      sum.schedule = k::two_stage_step(
          k::polynomial_step(by.step / 4.0, 5.0, 1.0), by.gd_epochs,
          k::polynomial_step(by.step, 5.0, 1.0));
      mean.schedule =
          k::two_stage_step(k::polynomial_step(by.step, 5.0, 1.0), by.gd_epochs,
                            k::polynomial_step(by.step, 5.0, 1.0));
    }
    CAPTURE(name);

    CHECK(distance(trained(mean), trained(sum), objective) < rounding);
  }
}

TEST_CASE("before the optimizer: whatever the workers of a replica share") {
  for (const p::sharing_rule& sharing :
       {p::sharing_rule{p::lock_free{4, 8}}, p::sharing_rule{p::write_lock{}},
        p::sharing_rule{p::coordinate_lock{}},
        p::sharing_rule{p::cyclic_turns{}}}) {
    for (const char* const name : {"sync", "allreduce"}) {
      p::graph wiring = system(name, 2);
      for (p::replica& each : wiring.replicas) {
        if (!each.is_hub()) {
          each.workers = 3;
          each.sharing = sharing;
        }
      }
      CAPTURE(name, sharing.index());
      require_as_serial(wiring, named("adam"), models()[0].second);
    }
  }
}

TEST_CASE("before the optimizer: one replica at a hub is serial SGD") {
  const auto carried_by = [](const p::discipline& when) {
    p::graph made = system("sync", 1);
    made.links.front().discipline = when;
    return made;
  };
  for (const p::discipline& when :
       {p::discipline{p::every{1}}, p::discipline{p::push_fetch{1, 1}},
        p::discipline{p::in_turn{1}}, p::discipline{p::bounded{1, 2}},
        p::discipline{p::bounded{1, 0}}}) {
    for (const way& by : ways()) {
      for (const auto& [what, objective] : models()) {
        CAPTURE(p::name(when), by.name, what);
        require_as_serial(carried_by(when), by, objective);
      }
    }
  }
}

TEST_CASE("before the optimizer: a hub in parts is one hub") {
  for (const char* const name : {"nesterov", "adam", "two stages"}) {
    for (const auto& [what, objective] : models()) {
      CAPTURE(name, what);
      const auto at = [&, &model_of = objective](unsigned hubs) {
        return trained(
            plan_of(model_of, named(name), system("sync", 2, hubs), 8));
      };
      const auto whole = at(1);

      CHECK(at(2) == whole);
      CHECK(at(7) == whole);
    }
  }
}

TEST_CASE("before the optimizer: lars is refused where norms are in parts") {
  const auto problems = [](const char* name, const char* by) {
    return a::validate(
        plan_of(models()[0].second, named(by), system(name, 2, 2), 8), data,
        {});
  };

  CHECK(problems("sync", "lars") ==
        std::vector<std::string>{
            "lars needs all parameters of a layer in one place, so synchronous "
            "gradients cannot go to a hub in several parts; have one hub"});
  CHECK(problems("sync", "adam").empty());
  CHECK(problems("easgd", "lars").empty());
  CHECK(problems("async-ps", "lars").empty());
}

TEST_CASE("before the optimizer: statistics are averaged as ever") {
  const model objective = std::make_shared<k::network>(
      k::parse_layers("input 8\ndense 6\nbatch-norm\ntanh\ndense 4\n", "test"));
  for (const char* const name : {"momentum", "adam", "lars"}) {
    CAPTURE(name);
    const auto by = [&](const char* system_name) {
      return trained(
          plan_of(objective, named(name), system(system_name, 2), 8));
    };

    CHECK(distance(by("sync"), by("allreduce"), objective) < rounding);
  }
}

TEST_CASE("before the optimizer: a group at a hub is one replica there") {
  // The group's step is made before its member meets the hub.
  const auto at = [](unsigned replicas, const way& by, const model& objective) {
    p::wiring_options options;
    options.replicas = replicas;
    options.group = replicas;
    options.tau = 2;
    options.alpha = 0.3;
    return trained(plan_of(objective, by, *p::by_name("ea-wild", options),
                           batch_of_all / replicas));
  };
  for (const way& by : ways()) {
    for (const auto& [what, objective] : models()) {
      CAPTURE(by.name, what);
      CHECK(distance(at(4, by, objective), at(1, by, objective), objective) <
            rounding);
    }
  }
}

TEST_CASE("before the optimizer: shards of other sizes, and some of nothing") {
  // 5 + 4 batches of one sample: the second brings nothing to one meeting.
  const k::dataset few = t::random_samples(9, 8, classes);
  const auto objective = models()[1].second;
  for (const char* const name : {"nesterov", "adam"}) {
    CAPTURE(name);
    const auto by = [&](const char* system_name) {
      auto plan = plan_of(objective, named(name), system(system_name, 2), 1);
      plan.schedule = k::constant_step(named(name).step);
      const a::run_report report = a::train(plan, few);
      CHECK(report.samples == 4 * 9);
      return report.parameters;
    };

    CHECK(distance(by("sync"), by("allreduce"), objective) < rounding);
  }
}

TEST_CASE("before the optimizer: where it makes a difference") {
  const auto meets = [](const char* by, const p::exchange& what,
                        const p::discipline& when, std::size_t tau) {
    a::training_plan plan;
    plan.optimizer = named(by).optimizer;
    return a::meets_before_optimizer(plan, {1, 0, what, when}, tau);
  };
  const p::exchange at_hub = p::gradient{};

  for (const char* const by : {"nesterov", "adam", "lars"}) {
    CAPTURE(by);
    CHECK(meets(by, at_hub, p::barrier{}, 1));
    CHECK(meets(by, p::all_reduce{}, p::barrier{}, 1));
    // Replicas that step on their own in between.
    CHECK_FALSE(meets(by, at_hub, p::barrier{}, 2));
    CHECK_FALSE(meets(by, p::all_reduce{}, p::barrier{}, 2));
    CHECK_FALSE(meets(by, at_hub, p::push_fetch{1, 4}, 1));
    // The hub is an optimizer itself.
    CHECK_FALSE(meets(by, p::gradient{p::combine::mean, 0.9}, p::every{1}, 1));
    CHECK_FALSE(meets(by, p::add_delta{}, p::every{1}, 1));
  }
  CHECK(meets("adam", at_hub, p::every{1}, 1));
  CHECK_FALSE(meets("lars", at_hub, p::every{1}, 1));
  // Means of steps are steps of means.
  for (const char* const by : {"sgd", "sgd with decay", "momentum"}) {
    CHECK_FALSE(meets(by, at_hub, p::barrier{}, 1));
    CHECK_FALSE(meets(by, p::all_reduce{}, p::barrier{}, 1));
  }
}

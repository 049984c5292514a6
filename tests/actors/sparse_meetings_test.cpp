// Meetings over streams on sparse samples: what the other end knows is not said
// again, and the run is the run in memory.

#include <algorithm>
#include <cmath>

#include <catch2/catch.hpp>

#include "tests/support/served_node.hpp"
#include "topology/systems.hpp"

namespace a = sounder::actors;
namespace k = sounder::kernels;
namespace p = sounder::topology;
namespace t = sounder::tests;

namespace {

constexpr std::size_t features = 2000;
constexpr std::size_t rows = 480;

/// Four features a sample, the first ones more often.
t::table few_features() {
  k::random_stream random(7, 1);
  t::table samples(rows, std::vector<float>(features, 0.0F));
  for (auto& row : samples) {
    for (int j = 0; j < 4; ++j) {
      const std::uint32_t below = 1 + random.below(features);
      row[random.below(below)] = t::coin(random);
    }
  }
  return samples;
}

std::vector<float> labels() {
  k::random_stream random(7, 2);
  std::vector<float> signs(rows);
  for (float& y : signs) {
    y = random.below(2) == 0 ? -1.0F : 1.0F;
  }
  return signs;
}

a::training_plan plan_of(const std::string& system, unsigned replicas,
                         double l2, const k::dataset& data) {
  p::wiring_options how;
  how.replicas = replicas;
  how.tau = 8;
  how.push = 4;
  how.fetch = 8;
  a::training_plan plan =
      t::plan_of(k::make_linear(k::linear_model::logistic, data, 2,
                                {k::penalty_form::l2, l2}),
                 *p::by_name(system, how), 3);
  plan.deterministic = false;
  plan.schedule = k::constant_step(0.5);
  return plan;
}

/// In turn, where nothing else says who comes when.
void order(a::training_plan& plan) {
  for (p::link& each : plan.graph.links) {
    if (std::holds_alternative<p::every>(each.discipline)) {
      each.discipline = p::in_turn{p::steps(each.discipline)};
    }
  }
}

/// Every other replica at the node: the hub is not.
a::training_plan placed(a::training_plan plan, const t::served_node& node) {
  for (std::size_t i = 1; i < plan.graph.replicas.size(); i += 2) {
    plan.graph.replicas[i].place = node.at().text();
  }
  return plan;
}

/// Over the link of the first replica.
std::uint64_t bytes_of(const a::run_report& seen) {
  std::uint64_t bytes = 0;
  for (const a::link_record& link : seen.links) {
    bytes += link.from == "replica-1" ? link.bytes : 0;
  }
  return bytes;
}

void check_close(const std::vector<float>& found,
                 const std::vector<float>& wanted) {
  float most = 0.0F;
  float gap = 0.0F;
  REQUIRE(found.size() == wanted.size());
  for (std::size_t j = 0; j < wanted.size(); ++j) {
    most = std::max(most, std::abs(wanted[j]));
    gap = std::max(gap, std::abs(found[j] - wanted[j]));
  }
  INFO("largest " << most << ", apart " << gap);
  CHECK(gap <= 1e-6F * most);
  CHECK(most > 0.0F);
}

}  // namespace

TEST_CASE("sparse meetings: a run over streams is the run in memory") {
  const t::served_node node({});
  const k::dataset data = t::sparse_from(few_features(), labels(), features);
  const double l2 = GENERATE(0.0, 1e-3);
  for (const auto& [system, replicas] :
       {std::pair("star", 1U), std::pair("star", 2U), std::pair("sync", 2U),
        std::pair("async-ps", 1U), std::pair("async-ps", 2U),
        std::pair("local-sgd", 2U), std::pair("downpour", 1U)}) {
    INFO(system << " of " << replicas << ", L2 " << l2);
    a::training_plan plan = plan_of(system, replicas, l2, data);
    order(plan);

    const a::run_report by_stream = a::train(placed(plan, node), data);
    const a::run_report in_memory = a::train(plan, data);

    REQUIRE(by_stream.message == "");
    check_close(by_stream.parameters, in_memory.parameters);
    // What memory tells is what all parameters would take. Where the hub has
    // momentum, more and more of them move.
    CHECK(bytes_of(by_stream) < bytes_of(in_memory) / 2);
  }
}

TEST_CASE("sparse meetings: dense samples go as they are") {
  const t::served_node node({});
  const k::dataset data = t::dense_from(few_features(), labels(), features);
  a::training_plan plan = plan_of("star", 1, 0.0, data);

  const a::run_report by_stream = a::train(placed(plan, node), data);
  const a::run_report in_memory = a::train(plan, data);

  REQUIRE(by_stream.message == "");
  CHECK(by_stream.parameters == in_memory.parameters);
  CHECK(bytes_of(by_stream) == bytes_of(in_memory));
}

TEST_CASE("sparse meetings: where both ends are pulled all goes as it is") {
  const t::served_node node({});
  const k::dataset data = t::sparse_from(few_features(), labels(), features);
  a::training_plan plan = plan_of("easgd", 1, 0.0, data);

  const a::run_report by_stream = a::train(placed(plan, node), data);
  const a::run_report in_memory = a::train(plan, data);

  REQUIRE(by_stream.message == "");
  CHECK(by_stream.parameters == in_memory.parameters);
  CHECK(bytes_of(by_stream) == bytes_of(in_memory));
}

TEST_CASE("sparse meetings: a token's, too") {
  const t::served_node node({});
  const k::dataset data = t::sparse_from(few_features(), labels(), features);
  const a::training_plan plan = plan_of("hogwildpp", 2, 1e-3, data);

  const a::run_report by_stream = a::train(placed(plan, node), data);

  REQUIRE(by_stream.message == "");
  const double first = by_stream.epochs.front().train_loss;
  CHECK(by_stream.epochs.back().train_loss < first);
}

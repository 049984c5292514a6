// Replicas' walks driven by hand in thousands of orders: nobody waits for
// ever, and what was stepped is what arrived.

#include <memory>
#include <vector>

#include <catch2/catch.hpp>

#include "actors/node/graph_builder.hpp"
#include "actors/replica/training_job.hpp"
#include "kernels/data/random.hpp"
#include "tests/support/training.hpp"
#include "topology/systems.hpp"

namespace a = sounder::actors;
namespace k = sounder::kernels;
namespace p = sounder::topology;
namespace t = sounder::tests;

namespace {

constexpr std::size_t rows = 48;
constexpr unsigned epochs = 2;

/// Walks all replicas to the end, one piece of work at a time, of a replica
/// drawn at random. Returns the wiring as it is then.
a::wired_graph walk_in_random_order(const a::training_plan& plan,
                                    const k::dataset& data,
                                    std::uint64_t seed) {
  a::wired_graph wired =
      a::wire(std::make_shared<const a::training_plan>(plan), data);
  struct walker {
    std::shared_ptr<a::training_job> job;
    a::worker_slot slot;
    bool walks = true;
  };
  std::vector<walker> walkers;
  for (const a::wired_replica& r : wired.replicas) {
    if (!r.is_hub) {
      walkers.push_back(
          {std::make_shared<a::training_job>(
               r.setup, r.state, r.setup->cut.chunks().before(epochs)),
           {},
           true});
    }
  }
  k::random_stream random(seed);
  std::size_t left = walkers.size();
  for (std::size_t tries = 0; left > 0; ++tries) {
    REQUIRE(tries < 2'000'000);  // a deadlock otherwise
    walker& next =
        walkers[random.below(static_cast<std::uint32_t>(walkers.size()))];
    if (next.walks && !next.job->work(next.slot)) {
      next.walks = false;
      --left;
    }
  }
  return wired;
}

a::training_plan plan_for(const std::string& system, unsigned replicas,
                          std::uint64_t seed) {
  p::wiring_options options;
  options.replicas = replicas;
  options.tau = 3;
  auto plan = t::plan_of(std::make_shared<t::tally>(1),
                         *p::by_name(system, options), epochs);
  plan.deterministic = true;
  plan.schedule = k::constant_step(1.0);
  plan.seed = seed;
  return plan;
}

double sum_of_replicas(const a::wired_graph& wired) {
  double sum = 0.0;
  for (const a::wired_replica& r : wired.replicas) {
    if (!r.is_hub) {
      sum += static_cast<double>(r.state->whole().front());
    }
  }
  return sum;
}

}  // namespace

TEST_CASE("interleavings: every system ends, in any order") {
  const auto data = t::blank(rows);
  for (const std::string& system : p::names()) {
    for (const unsigned replicas : {2U, 3U, 5U}) {
      for (std::uint64_t seed = 0; seed < 40; ++seed) {
        INFO(system << " with " << replicas << ", order " << seed);
        auto plan = plan_for(system, replicas, seed);

        const auto wired = walk_in_random_order(plan, data, seed);

        std::uint64_t samples = 0;
        for (const a::wired_replica& r : wired.replicas) {
          samples += r.state->samples.load();
        }
        REQUIRE(samples == epochs * rows);
      }
    }
  }
}

// Every step adds 1, and integers add up exactly.

TEST_CASE("interleavings: a quorum loses no step, whoever comes when") {
  const auto data = t::blank(rows);
  const std::size_t least = GENERATE(1U, 2U, 3U, 4U);
  const std::size_t grace = GENERATE(0U, 1U);
  for (std::uint64_t seed = 0; seed < 100; ++seed) {
    auto plan = plan_for("sync", 4, seed);
    for (p::link& each : plan.graph.links) {
      each.exchange = p::gradient{p::combine::sum};
      each.discipline = p::quorum{3, least, grace};
    }

    const auto wired = walk_in_random_order(plan, data, seed);

    REQUIRE(wired.replicas[0].state->vector.data()[0] ==
            static_cast<float>(epochs * rows));
  }
}

TEST_CASE("interleavings: a star's hub holds every step of every replica") {
  const auto data = t::blank(rows);
  for (std::uint64_t seed = 0; seed < 500; ++seed) {
    for (const char* const system : {"star", "ssp"}) {
      const auto wired =
          walk_in_random_order(plan_for(system, 4, seed), data, seed);

      REQUIRE(wired.replicas[0].state->vector.data()[0] ==
              static_cast<float>(epochs * rows));
    }
  }
}

TEST_CASE("interleavings: gossip in pairs loses no step") {
  const auto data = t::blank(rows);
  for (std::uint64_t seed = 0; seed < 500; ++seed) {
    const auto wired =
        walk_in_random_order(plan_for("ad-psgd", 4, seed), data, seed);

    REQUIRE(sum_of_replicas(wired) == Approx(epochs * rows).epsilon(1e-5));
  }
}

TEST_CASE("interleavings: elastic pulls lose no step within a bound") {
  const auto data = t::blank(rows);
  for (std::uint64_t seed = 0; seed < 200; ++seed) {
    auto plan = plan_for("ssp", 3, seed);
    for (p::link& link : plan.graph.links) {
      link.exchange = p::elastic{0.3};
      link.discipline = p::bounded{3, 1 + seed % 3};
    }
    const auto wired = walk_in_random_order(plan, data, seed);

    const double hub =
        static_cast<double>(wired.replicas[0].state->vector.data()[0]);
    REQUIRE(sum_of_replicas(wired) + hub ==
            Approx(epochs * rows).epsilon(1e-5));
    REQUIRE(hub > 0.0);
  }
}

TEST_CASE("interleavings: elastic pulls lose no step") {
  const auto data = t::blank(rows);
  for (std::uint64_t seed = 0; seed < 500; ++seed) {
    for (const char* const system : {"easgd", "async-easgd", "ea-wild"}) {
      const auto wired =
          walk_in_random_order(plan_for(system, 3, seed), data, seed);

      const double hub =
          static_cast<double>(wired.replicas[0].state->vector.data()[0]);
      REQUIRE(sum_of_replicas(wired) + hub ==
              Approx(epochs * rows).epsilon(1e-5));
    }
  }
}

TEST_CASE("interleavings: updates to all arrive at all") {
  const auto data = t::blank(rows);
  for (std::uint64_t seed = 0; seed < 500; ++seed) {
    const auto wired =
        walk_in_random_order(plan_for("all-to-all", 4, seed), data, seed);

    for (const a::wired_replica& r : wired.replicas) {
      REQUIRE(r.state->whole().front() == static_cast<float>(epochs * rows));
    }
  }
}

TEST_CASE("interleavings: all-reduce leaves the same bits everywhere") {
  const auto data = t::blank(rows);
  for (std::uint64_t seed = 0; seed < 200; ++seed) {
    for (const char* const system : {"allreduce", "hierarchical"}) {
      const auto wired =
          walk_in_random_order(plan_for(system, 4, seed), data, seed);

      for (const a::wired_replica& r : wired.replicas) {
        REQUIRE(r.state->vector.data()[0] ==
                wired.replicas[0].state->vector.data()[0]);
      }
    }
  }
}

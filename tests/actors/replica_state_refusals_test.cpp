// When there is no state of a replica, and which bytes are none of its own.

#include <cstring>
#include <string>
#include <vector>

#include <catch2/catch.hpp>

#include "actors/replica/replica_state.hpp"
#include "kernels/data/hash.hpp"
#include "tests/support/replica_states.hpp"

namespace a = sounder::actors;
namespace k = sounder::kernels;
namespace p = sounder::topology;
namespace t = sounder::tests;

namespace {

using t::bytes;
using t::epochs;
using t::logistic;
using t::sparse;
using t::state_of;
using t::system;
using t::systems;
using t::walk;
using t::wired;

/// Of one replica at a hub, after a while.
struct half_way {
  a::training_plan plan = logistic(system("easgd", {.replicas = 1}));
  a::wired_graph all = wired(plan, sparse);
  const a::wired_replica& replica = all.replicas.back();
  bytes saved;

  half_way() {
    walk(all, epochs, nullptr);
    saved = state_of(replica);
  }

  /// What is said of such bytes. Nothing of the replica has changed.
  std::string refusal(const bytes& from) const {
    std::string why = "nothing";
    try {
      a::read_state(from, *replica.setup, *replica.state);
    } catch (const a::state_error& problem) {
      why = problem.what();
    }
    const bool is_as_before = state_of(replica) == saved;
    REQUIRE(is_as_before);
    return why;
  }
};

bool says(const std::string& text, const char* what) {
  return text.find(what) != std::string::npos;
}

}  // namespace

TEST_CASE("replica state: bytes that are cut short are refused at any length") {
  const half_way run;
  for (std::size_t n = 0; n < run.saved.size(); ++n) {
    const bytes part(run.saved.begin(),
                     run.saved.begin() + static_cast<std::ptrdiff_t>(n));
    REQUIRE(says(run.refusal(part), "truncated"));
  }
  bytes more = run.saved;
  more.push_back({});
  CHECK(says(run.refusal(more), "something follows after its end"));
  CHECK(run.refusal(run.saved) == "nothing");
}

TEST_CASE("replica state: a flipped bit is found wherever it is") {
  const half_way run;
  for (std::size_t at = 0; at < run.saved.size(); ++at) {
    bytes other = run.saved;
    other[at] ^= std::byte{1} << (at % 8);
    const std::string why = run.refusal(other);
    CAPTURE(at, why);
    REQUIRE(says(why, at < 8    ? "begins with something else"
                      : at < 12 ? "of version"
                      : at < 20 ? "a replica's state: "
                                : "damaged"));
  }
}

TEST_CASE("replica state: it belongs to one replica of one wiring and plan") {
  const half_way run;
  const auto refused_by = [&](const a::training_plan& plan) {
    const auto other = wired(plan, sparse);
    const a::wired_replica& r = other.replicas.back();
    try {
      a::read_state(run.saved, *r.setup, *r.state);
    } catch (const a::state_error& problem) {
      return std::string(problem.what());
    }
    return std::string("nobody");
  };

  CHECK(refused_by(run.plan) == "nobody");
  auto plan = run.plan;
  plan.epochs = 7;
  CHECK(refused_by(plan) == "nobody");
  plan.graph.replicas.back().name = "zoe";
  CHECK(refused_by(plan) ==
        "a replica's state: of " + run.replica.name + ", not of zoe");
  plan = run.plan;
  plan.objective = std::make_shared<t::tally>(3);
  CHECK(refused_by(plan) == "a replica's state: of 30 parameters, not of 3");
  const char* const another = "a replica's state: of another wiring or plan";
  plan = run.plan;
  plan.seed = 2;
  CHECK(refused_by(plan) == another);
  plan = run.plan;
  plan.graph.links.front().exchange = p::elastic{0.3};
  CHECK(refused_by(plan) == another);
  plan = run.plan;
  plan.batch_size = 2;
  CHECK(refused_by(plan) == another);
  plan = run.plan;
  plan.optimizer.kind = k::optimizer_kind::adam;
  CHECK(refused_by(plan) == another);
}

TEST_CASE("replica state: forged bytes are read or refused, and no more") {
  for (const auto& [name, wiring] : systems(1)) {
    const auto plan = logistic(wiring);
    const auto first = wired(plan, sparse);
    k::random_stream random(1);
    walk(first, epochs, &random);
    const auto second = wired(plan, sparse);
    for (std::size_t i = 0; i < first.replicas.size(); ++i) {
      const bytes saved = state_of(first.replicas[i]);
      for (int tries = 0; tries < 200; ++tries) {
        bytes forged = saved;
        const std::size_t body = forged.size() - 28;
        forged[20 + random.below(static_cast<std::uint32_t>(body))] =
            static_cast<std::byte>(random.below(256));
        const std::uint64_t sum = k::hash_64_of(
            std::span(forged).first(forged.size() - sizeof(std::uint64_t)));
        std::memcpy(forged.data() + forged.size() - sizeof sum, &sum,
                    sizeof sum);
        const a::wired_replica& r = second.replicas[i];
        try {
          a::read_state(forged, *r.setup, *r.state);
        } catch (const a::state_error&) {
        }
      }
    }
  }
}

TEST_CASE("replica state: there is none within a job") {
  const half_way run;
  const a::training_job job(run.replica.setup, run.replica.state, 1000);

  REQUIRE_THROWS_AS(state_of(run.replica), a::state_error);
}

TEST_CASE("replica state: there is none within a meeting") {
  const auto plan = logistic(system("sync", {.replicas = 2}));
  const auto all = wired(plan, sparse);
  const a::wired_replica& r = all.replicas.back();
  a::training_job job(r.setup, r.state, r.setup->cut.chunks().before(1));
  a::worker_slot slot;
  for (int n = 0; n < 100; ++n) {
    REQUIRE(job.work(slot));  // waits for the other at the barrier
  }

  REQUIRE_THROWS_AS(state_of(r), a::state_error);
  REQUIRE_THROWS_AS(state_of(all.replicas.front()), a::state_error);
}

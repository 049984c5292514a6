// The state of replicas as bytes: a run that goes on from them comes to the
// same bits, and bytes that are not whole are refused.

#include "actors/replica/replica_state.hpp"

#include <algorithm>
#include <cstring>
#include <string>
#include <utility>
#include <vector>

#include <catch2/catch.hpp>

#include "actors/node/graph_builder.hpp"
#include "actors/replica/training_job.hpp"
#include "kernels/data/hash.hpp"
#include "kernels/network/layer_line.hpp"
#include "kernels/network/network.hpp"
#include "tests/support/training.hpp"
#include "topology/systems.hpp"

namespace a = sounder::actors;
namespace k = sounder::kernels;
namespace p = sounder::topology;
namespace t = sounder::tests;

namespace {

using bytes = std::vector<std::byte>;

constexpr std::size_t rows = 96;
constexpr unsigned epochs = 2;  // before the break, and after it

const k::dataset samples = t::random_problem(
    k::linear_model::softmax, k::layout::dense_float, rows, 8, 1);
const k::dataset sparse = t::random_problem(k::linear_model::logistic,
                                            k::layout::sparse, rows, 30, 5);

a::wired_graph wired(const a::training_plan& plan, const k::dataset& data) {
  return a::wire(std::make_shared<const a::training_plan>(plan), data);
}

/// Every replica on to an epoch's end, a piece of each worker's work in turn,
/// or of one drawn at random.
void walk(const a::wired_graph& all, unsigned to, k::random_stream* random) {
  struct walker {
    std::shared_ptr<a::training_job> job;
    a::worker_slot slot;
    bool walks = true;
  };
  std::vector<walker> walkers;
  for (const a::wired_replica& r : all.replicas) {
    if (r.is_hub) {
      continue;
    }
    const auto job = std::make_shared<a::training_job>(
        r.setup, r.state, r.setup->cut.chunks().before(to));
    for (unsigned w = 0; w < r.setup->workers; ++w) {
      walkers.push_back({job, {}, true});
      walkers.back().slot.index = w;
    }
  }
  std::size_t left = walkers.size();
  for (std::size_t tries = 0; left > 0; ++tries) {
    REQUIRE(tries < 2'000'000);  // a deadlock otherwise
    const auto count = static_cast<std::uint32_t>(walkers.size());
    walker& next = walkers[random != nullptr ? random->below(count)
                                             : tries % walkers.size()];
    if (next.walks && !next.job->work(next.slot)) {
      next.walks = false;
      --left;
    }
  }
}

bytes state_of(const a::wired_replica& r) {
  return a::write_state(*r.setup, *r.state);
}

std::vector<bytes> states_of(const a::wired_graph& all) {
  std::vector<bytes> states;
  std::transform(all.replicas.begin(), all.replicas.end(),
                 std::back_inserter(states), state_of);
  return states;
}

void restore(const a::wired_graph& all, const std::vector<bytes>& states) {
  REQUIRE(states.size() == all.replicas.size());
  for (std::size_t i = 0; i < states.size(); ++i) {
    a::read_state(states[i], *all.replicas[i].setup, *all.replicas[i].state);
  }
}

/// A run in two halves, the second of which knows nothing but bytes.
std::vector<bytes> in_two_halves(const a::training_plan& plan,
                                 const k::dataset& data) {
  std::vector<bytes> saved;
  {
    const auto first = wired(plan, data);
    walk(first, epochs, nullptr);
    saved = states_of(first);
  }
  const auto second = wired(plan, data);
  const bool is_fresh = states_of(second) != saved;
  REQUIRE(is_fresh);
  restore(second, saved);
  walk(second, 2 * epochs, nullptr);
  return states_of(second);
}

/// Likewise in one wiring.
std::vector<bytes> with_a_rest(const a::training_plan& plan,
                               const k::dataset& data) {
  const auto all = wired(plan, data);
  walk(all, epochs, nullptr);
  walk(all, 2 * epochs, nullptr);
  return states_of(all);
}

std::vector<bytes> at_once(const a::training_plan& plan,
                           const k::dataset& data) {
  const auto all = wired(plan, data);
  walk(all, 2 * epochs, nullptr);
  return states_of(all);
}

/// Whether others notice who rests: a token passes by, a quorum comes early.
bool is_seen_resting(const std::string& name) {
  return name == "hogwildpp" || name == "quorum";
}

p::graph system(const std::string& name, p::wiring_options options = {}) {
  options.tau = options.tau.value_or(3);
  return *p::by_name(name, options);
}

/// Every system by its name, and what has yet another state.
std::vector<std::pair<std::string, p::graph>> systems(unsigned workers) {
  std::vector<std::pair<std::string, p::graph>> all;
  for (const std::string& name : p::names()) {
    all.emplace_back(name, system(name, {.replicas = 4, .workers = workers}));
  }
  all.emplace_back(
      "sync with two hubs",
      system("sync", {.replicas = 2, .workers = workers, .hubs = 2}));
  all.emplace_back("one of a group pushes",
                   system("ea-wild", {.replicas = 4,
                                      .workers = workers,
                                      .group = 2,
                                      .random_pusher = true}));
  all.emplace_back("downpour by twos and threes",
                   system("downpour", {.replicas = 4,
                                       .workers = workers,
                                       .tau = 1,
                                       .push = 2,
                                       .fetch = 3}));
  p::graph aged = system("star", {.replicas = 4, .workers = workers});
  for (p::link& each : aged.links) {
    each.exchange = p::add_delta{p::scale{}};
  }
  all.emplace_back("updates by their age", aged);
  p::graph quorum = system("sync", {.replicas = 4, .workers = workers});
  for (p::link& each : quorum.links) {
    each.discipline = p::quorum{3, 2, 0};
  }
  all.emplace_back("quorum", quorum);
  return all;
}

a::training_plan logistic(const p::graph& wiring) {
  auto plan = t::plan_of(k::make_linear(k::linear_model::logistic, sparse, 1,
                                        {k::penalty_form::l2, 0.01}),
                         wiring, 2 * epochs);
  plan.schedule = k::polynomial_step(0.2, 2 * epochs, 1.0);
  return plan;
}

/// With statistics and a layer that draws.
a::training_plan network(const p::graph& wiring, k::optimizer_kind by) {
  auto plan = t::plan_of(
      std::make_shared<k::network>(k::parse_layers(
          "input 8\ndense 6\nbatch-norm\ntanh\ndropout rate=0.25\ndense 3\n",
          "test")),
      wiring, 2 * epochs);
  plan.schedule = k::polynomial_step(0.02, 2 * epochs, 1.0);
  plan.optimizer.kind = by;
  plan.optimizer.weight_decay = 0.01;
  plan.batch_size = 4;
  return plan;
}

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

TEST_CASE("replica state: a run goes on from bytes to the same bits") {
  for (const unsigned workers : {1U, 2U}) {
    for (const auto& [name, wiring] : systems(workers)) {
      CAPTURE(name, workers);
      const auto plan = logistic(wiring);

      const auto found = in_two_halves(plan, sparse);

      const bool is_that_of_one_wiring = found == with_a_rest(plan, sparse);
      CHECK(is_that_of_one_wiring);
      const bool is_that_of_one_walk = found == at_once(plan, sparse);
      CHECK((is_that_of_one_walk || is_seen_resting(name)));
    }
  }
}

TEST_CASE("replica state: so it does with each optimizer") {
  using kind = k::optimizer_kind;
  for (const kind by :
       {kind::sgd, kind::momentum, kind::nesterov, kind::adam, kind::lars}) {
    for (const char* const name : {"serial", "sync", "allreduce", "local-sgd",
                                   "d-psgd", "sgp", "easgd"}) {
      CAPTURE(name, static_cast<int>(by));
      auto plan = network(system(name, {.replicas = 2}), by);
      for (const unsigned gd_epochs : {0U, epochs + 1}) {
        plan.gd = {gd_epochs, 2};
        const bool is_the_same =
            in_two_halves(plan, samples) == at_once(plan, samples);
        CHECK(is_the_same);
      }
    }
  }
}

TEST_CASE("replica state: what is read is written again, whoever came when") {
  std::size_t unread = 0;
  for (const auto& [name, wiring] : systems(2)) {
    for (std::uint64_t seed = 0; seed < 5; ++seed) {
      CAPTURE(name, seed);
      const auto plan = logistic(wiring);
      const auto first = wired(plan, sparse);
      k::random_stream random(seed);
      walk(first, epochs, &random);
      const auto saved = states_of(first);
      const auto second = wired(plan, sparse);

      restore(second, saved);

      const bool is_read = states_of(second) == saved;
      CHECK(is_read);
      for (std::size_t i = 0; i < saved.size(); ++i) {
        const a::replica_state& was = *first.replicas[i].state;
        CHECK(second.replicas[i].state->whole() == was.whole());
        unread += was.own && was.whole() != was.own->snapshot() ? 1 : 0;
      }
    }
  }
  CHECK(unread > 0);
}

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

TEST_CASE("replica state: a link that compresses goes on where it was") {
  using k::packing;
  const std::vector<float> start = {1.0F, 2.0F, 3.0F, 4.0F};
  for (const packing form :
       {packing::fp16, packing::bf16, packing::int8, packing::top_k}) {
    for (const k::payload what :
         {k::payload::differences, k::payload::parameters, k::payload::pulls}) {
      k::packer out({form, 0.5}, what, start);
      k::unpacker in(form, what, start);
      const auto send = [](k::packer& from, k::unpacker& to) {
        const std::vector<float> x = {0.1F, 0.33F, -7.7F, 1e-3F};
        std::vector<float> there(4);
        REQUIRE(to.unpack(0, from.pack(0, x.data(), 4), there.data(), 4));
        return there;
      };
      send(out, in);
      a::state_archive writes;
      writes(out, in);
      const bytes saved = writes.take();

      k::packer out_again({form, 0.5}, what, start);
      k::unpacker in_again(form, what, start);
      a::state_archive reads(saved);
      reads(out_again, in_again);

      for (int n = 0; n < 3; ++n) {
        CHECK(send(out_again, in_again) == send(out, in));
      }
    }
  }
}

TEST_CASE("replica state: a process has that of its own replicas alone") {
  constexpr std::size_t replicas = 64;
  a::training_plan plan = logistic({});
  plan.graph.replicas.assign(replicas, {});
  for (std::size_t i = 0; i < replicas; ++i) {
    plan.graph.replicas[i].name = "r" + std::to_string(i);
    plan.graph.replicas[i].place = "n" + std::to_string(i);
  }
  const auto shared = std::make_shared<const a::training_plan>(plan);
  const a::data_partition partition =
      a::partition_data(plan.graph, a::data_shape::of(sparse));
  auto setups = a::set_up_all(shared, partition);
  for (a::replica_setup& each : setups) {
    each.data = sparse;
  }
  a::graph_builder builder(shared, partition, std::move(setups), "n7",
                           a::graph_builder::network{});
  static_cast<void>(builder.open(a::start_parameters(plan)));

  const a::wired_graph all = builder.connect({});

  REQUIRE(all.replicas.size() == replicas);
  for (std::size_t i = 0; i < replicas; ++i) {
    CHECK((all.replicas[i].state != nullptr) == (i == 7));
    CHECK((all.replicas[i].setup != nullptr) == (i == 7));
  }
}

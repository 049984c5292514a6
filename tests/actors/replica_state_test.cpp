// The state of replicas as bytes: a run that goes on from them comes to the
// same bits.

#include "actors/replica/replica_state.hpp"

#include <string>
#include <utility>
#include <vector>

#include <catch2/catch.hpp>

#include "kernels/network/layer_line.hpp"
#include "kernels/network/network.hpp"
#include "tests/support/replica_states.hpp"

namespace a = sounder::actors;
namespace k = sounder::kernels;
namespace p = sounder::topology;
namespace t = sounder::tests;

namespace {

using t::bytes;
using t::epochs;
using t::logistic;
using t::restore;
using t::rows;
using t::sparse;
using t::states_of;
using t::system;
using t::systems;
using t::walk;
using t::wired;

const k::dataset samples = t::random_problem(
    k::linear_model::softmax, k::layout::dense_float, rows, 8, 1);

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

#include "topology/traffic.hpp"

#include <cmath>

#include <catch2/catch.hpp>

#include "topology/systems.hpp"

namespace p = sounder::topology;

namespace {

constexpr double bytes = 1000.0;

p::traffic of(const char* name, const p::wiring_options& options) {
  return p::traffic_of(p::by_name(name, options).value(), bytes);
}

}  // namespace

TEST_CASE("traffic: a hub gets and gives the parameters every tau steps") {
  for (const char* name : {"star", "easgd", "async-easgd", "ea-wild",
                           "async-ps", "sync", "local-sgd", "ssp"}) {
    INFO(name);
    const auto t = of(name, {.replicas = 4, .tau = 10});

    CHECK(t.links[2].forth.bytes == Approx(100.0));
    CHECK(t.links[2].back.bytes == Approx(100.0));
    CHECK(t.links[2].forth.messages == Approx(0.1));
    CHECK(t.busiest == 0);
    CHECK(t.replicas[0].bytes == Approx(800.0));
    CHECK(t.replicas[3].bytes == Approx(200.0));
    CHECK(t.total.bytes == Approx(800.0));
    CHECK_FALSE(t.assumes_tau);
  }
}

TEST_CASE("traffic: a run that chooses tau is estimated with an assumed one") {
  const auto graph = p::by_name("star", {}).value();

  CHECK(p::traffic_of(graph, bytes).assumes_tau);
  CHECK(p::traffic_of(graph, bytes, 20).links[0].forth.bytes == Approx(50.0));
}

TEST_CASE("traffic: downpour pushes and fetches at rates of its own") {
  const auto t = of("downpour", {.replicas = 2, .push = 5, .fetch = 10});

  CHECK(t.links[0].forth.bytes == Approx(200.0));
  CHECK(t.links[0].back.bytes == Approx(100.0));
}

TEST_CASE("traffic: ring all-reduce sends 2 (N - 1) / N from each replica") {
  const auto t = of("allreduce", {.replicas = 8});

  CHECK(t.links[0].forth.bytes == Approx(1750.0));
  CHECK(t.links[0].back.bytes == 0.0);
  CHECK(t.links[0].forth.messages == Approx(14.0));
  CHECK(t.replicas[5].bytes == Approx(3500.0));  // sent and received

  const auto two = of("allreduce", {.replicas = 2});
  CHECK(two.total.bytes == Approx(2000.0));
}

TEST_CASE("traffic: groups reduce through their leaders") {
  const auto t = of("hierarchical", {.replicas = 8, .group = 2});

  CHECK(t.links[0].forth.bytes == Approx(1000.0));  // member to leader
  CHECK(t.links[0].back.bytes == Approx(1000.0));
  CHECK(t.links[4].forth.bytes == Approx(1500.0));  // 2 * 3 / 4
  CHECK(t.replicas[0].bytes == Approx(5000.0));

  const auto two = of("hierarchical", {.replicas = 4, .group = 2});
  CHECK(two.links[2].forth.bytes == Approx(1000.0));
  CHECK(two.links[2].back.bytes == Approx(1000.0));
}

TEST_CASE("traffic: the token takes n tau0 steps for a turn") {
  const auto t = of("hogwildpp", {.replicas = 4, .tau = 25});

  CHECK(t.links[0].forth.bytes == Approx(10.0));
  CHECK(t.links[0].back.bytes == Approx(10.0));
  CHECK(of("hogwildpp", {.replicas = 4}).total.bytes == Approx(2000.0 / 64.0));
}

TEST_CASE("traffic: gossip") {
  const auto all = of("all-to-all", {.replicas = 5, .tau = 1});
  CHECK(all.replicas[2].bytes == Approx(8000.0));
  CHECK(all.total.bytes == Approx(20'000.0));

  const auto mixed = of("d-psgd", {.replicas = 5, .tau = 1});
  CHECK(mixed.replicas[2].bytes == Approx(4000.0));

  // five draws of a partner, each a vector there and one back
  const auto pairs = of("ad-psgd", {.replicas = 5, .tau = 10});
  CHECK(pairs.total.bytes == Approx(5 * 2 * 100.0));

  const auto pushed = of("sgp", {.replicas = 8, .tau = 1});
  CHECK(pushed.links[0].back.bytes == 0.0);
  CHECK(pushed.total.bytes == Approx(8 * 3 * 1000.0));
}

TEST_CASE("traffic: one member of each group pushes") {
  const auto first = of("ea-wild", {.replicas = 4, .tau = 10, .group = 2});
  CHECK(first.links[0].forth.bytes == Approx(100.0));
  CHECK(first.links[1].forth.bytes == 0.0);

  const auto any = of(
      "ea-wild", {.replicas = 4, .tau = 10, .group = 2, .random_pusher = true});
  CHECK(any.links[0].forth.bytes == Approx(50.0));
  CHECK(any.links[1].forth.bytes == Approx(50.0));
}

TEST_CASE("traffic: a link that compresses sends what is left") {
  const auto factor = [](const p::compression& how) {
    const auto t =
        of("star", {.replicas = 2, .tau = 10, .compress = how}).links[0];
    CHECK(t.forth.bytes == t.back.bytes);
    return t.forth.bytes / 100.0;
  };

  CHECK(factor(p::as_is{}) == Approx(1.0));
  CHECK(factor(p::fp16{}) == Approx(0.5));
  CHECK(factor(p::bf16{}) == Approx(0.5));
  CHECK(factor(p::int8{}) == Approx((1024.0 + 4.0) / 4096.0));
  CHECK(factor(p::top_k{0.03}) == Approx(0.06));
}

TEST_CASE("traffic: a replica alone sends nothing") {
  const auto t = of("hogwild", {.workers = 4});

  CHECK(t.links.empty());
  CHECK(t.total.bytes == 0.0);
  CHECK(t.busiest == 0);
}

TEST_CASE("traffic: hubs in parts share what one would send") {
  const p::wiring_options one = {.replicas = 4, .tau = 10};
  p::wiring_options split = one;
  split.hubs = 2;

  const p::traffic whole = p::traffic_of(*p::by_name("star", one), 1000.0);
  const p::traffic parts = p::traffic_of(*p::by_name("star", split), 1000.0);

  CHECK(parts.total.bytes == Approx(whole.total.bytes));
  CHECK(parts.replicas[0].bytes == Approx(whole.replicas[0].bytes / 2.0));
}

TEST_CASE("traffic: on sparse samples a meeting sends what steps have moved") {
  // 10 features in every sample, 90 in one of ten, 150 in none.
  const p::sparse_samples samples{
      {{1.0, 10.0}, {0.1, 90.0}, {0.0, 150.0}}, 250.0, 2.0};
  const auto sent = [&](const char* name, const p::wiring_options& options) {
    const auto graph = p::by_name(name, options).value();
    return p::traffic_of(graph, bytes, 100, samples).links[0];
  };
  const auto moved = [](double rows) {
    return 5.0 * (10.0 + 90.0 * (1.0 - std::pow(0.9, rows)));
  };

  CHECK(p::touched(samples, 0.0) == 0.0);
  CHECK(p::touched(samples, 1.0) == Approx(10.0 + 9.0));
  const auto star = sent("star", {.replicas = 3, .tau = 2});
  CHECK(star.forth.bytes == Approx(moved(4.0) / 2.0));
  CHECK(star.back.bytes == Approx(moved(12.0) / 2.0));
  const auto downpour =
      sent("downpour", {.replicas = 2, .push = 2, .fetch = 4});
  CHECK(downpour.forth.bytes == Approx(moved(4.0) / 2.0));
  CHECK(downpour.back.bytes == Approx(moved(16.0) / 4.0));
  // A hub that keeps momentum moves on by itself.
  const auto momentum = sent("async-msgd", {.replicas = 2, .tau = 2});
  CHECK(momentum.forth.bytes == Approx(moved(4.0) / 2.0));
  CHECK(momentum.back.bytes == Approx(bytes / 2.0));
  CHECK(sent("easgd", {.replicas = 2, .tau = 2}).forth.bytes ==
        Approx(bytes / 2.0));
  const auto parts = sent("star", {.replicas = 3, .tau = 2, .hubs = 2});
  CHECK(parts.forth.bytes == Approx(moved(4.0) / 4.0));
  // Never more than the parameters as they are.
  const p::sparse_samples all{{{1.0, 250.0}}, 250.0, 1.0};
  const auto graph = p::by_name("star", {.replicas = 2, .tau = 10}).value();
  CHECK(p::traffic_of(graph, bytes, 100, all).links[0].forth.bytes ==
        Approx(bytes / 10.0));
}

TEST_CASE("traffic: links that compress do so with all parameters") {
  const p::sparse_samples samples{{{0.001, 250.0}}, 250.0, 1.0};
  auto graph = p::by_name("star", {.replicas = 2, .tau = 1}).value();
  for (p::link& each : graph.links) {
    each.compression = p::fp16{};
  }

  CHECK(p::traffic_of(graph, bytes, 100, samples).links[0].forth.bytes ==
        Approx(bytes / 2.0));
}

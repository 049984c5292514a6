// Over the same channels: links that compress, TLS, vectors of several packets,
// and what quorums and ages come to on two nodes.

#include <algorithm>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <sstream>

#include <catch2/catch.hpp>
#include <sys/prctl.h>

#include "actors/sync/packet.hpp"
#include "tests/support/certificates.hpp"
#include "tests/support/channels.hpp"

namespace a = sounder::actors;
namespace p = sounder::topology;
namespace t = sounder::tests;

namespace {

using way = t::all_channels::way;

/// The case of these that there is in that wiring.
t::channel_case one_of(const p::exchange& rule, const p::discipline& when,
                       const std::string& wiring) {
  for (t::channel_case& each : t::cases_of(rule, when)) {
    if (each.wiring == wiring) {
      return each;
    }
  }
  throw std::invalid_argument("no such case");
}

/// A few of all kinds: a hub's, by mail, reduced, with tokens.
std::vector<t::channel_case> a_few() {
  return {one_of(p::elastic{}, p::in_turn{}, "two at a hub"),
          one_of(p::gradient{}, p::barrier{}, "two at a hub"),
          one_of(p::mix{}, p::barrier{}, "a ring of three"),
          one_of(p::push_sum{}, p::barrier{}, "a ring of three"),
          one_of(p::all_reduce{}, p::barrier{}, "a ring of three"),
          one_of(p::broadcast_delta{}, p::every{}, "two peers"),
          one_of(p::token_merge{}, p::on_token{}, "a ring of three")};
}

std::uint64_t dropped(const a::run_report& seen) {
  std::uint64_t sum = 0;
  for (const a::link_record& link : seen.links) {
    sum += link.dropped;
  }
  return sum;
}

}  // namespace

TEST_CASE("serves as a node", "[.]") {
  const char* const how = std::getenv(t::node_process::variable.c_str());
  if (how == nullptr) {
    return;
  }
  prctl(PR_SET_PDEATHSIG, SIGKILL);
  a::node_options options = t::node_for_cases();
  std::istringstream files(how);
  std::getline(files, options.tls.certificate, ',');
  std::getline(files, options.tls.key, ',');
  std::getline(files, options.tls.authority, ',');
  options.ready = [](const a::node_address& at) {
    std::printf("listening on %s!", at.text().c_str());
    std::fflush(stdout);
  };
  a::serve(options);
}

TEST_CASE("channels: links that compress lose what their codec does") {
  t::all_channels channels;
  std::size_t cases = 0;
  for (t::channel_case& at : t::all_cases()) {
    const bool is_small =
        at.wiring == "two at a hub" || at.wiring == "two peers";
    const bool is_usual = p::describe(at.exchange) == p::name(at.exchange);
    for (p::link& each : at.graph.links) {
      each.compression = p::fp16{};
    }
    if (!is_small || !is_usual || !t::is_fixed(at) ||
        !p::validate(at.graph).empty()) {
      continue;
    }
    ++cases;
    INFO(at.name());
    const auto plan = t::plan_of(at);
    const auto in_memory = channels.run(plan, way::memory).parameters;
    const auto by_stream = channels.run(plan, way::one_process).parameters;

    // The same codec makes the same errors.
    CHECK(channels.run(plan, way::two_processes).parameters == by_stream);
    // Of each number 2^-11 at every meeting, there and back.
    const double meetings = 2.0 * t::epochs_of_cases * t::rows_of_cases / 2 / 4;
    for (std::size_t j = 0; j < in_memory.size(); ++j) {
      CHECK(by_stream[j] == Approx(in_memory[j]).epsilon(meetings / 2048.0));
    }
  }
  CHECK(cases > 8);
}

TEST_CASE("channels: vectors of several packets") {
  constexpr std::size_t size = a::packet_floats + 7;
  t::all_channels channels;
  for (const t::channel_case& at : a_few()) {
    INFO(at.name());
    const auto plan = t::plan_of(at, size);
    std::vector<std::vector<float>> seen;
    for (const way over : t::all_channels::ways) {
      seen.push_back(channels.run(plan, over).parameters);
      REQUIRE(seen.back().size() == size);
      // All that count have counted the same; a replica that is met by packets
      // may step between two of them.
      CHECK((at.discipline.index() == p::discipline(p::on_token{}).index() ||
             std::all_of(seen.back().begin() + 2, seen.back().end(),
                         [&](float w) { return w == seen.back()[1]; })));
    }
    if (t::is_fixed(at)) {
      CHECK(seen[1] == seen[0]);
      CHECK(seen[2] == seen[0]);
    }
  }
}

TEST_CASE("channels: over TLS, too") {
  const t::certificates made;
  if (!made.is_made()) {
    WARN("skipped: no openssl command");
    return;
  }
  const a::tls_files ours = {made.file("ours", "node.pem"),
                             made.file("ours", "node.key"),
                             made.file("ours", "ca.pem")};
  const t::node_process first(ours);
  const t::node_process second(ours);
  const auto data = t::values_to_follow();
  for (const t::channel_case& at : a_few()) {
    INFO(at.name());
    auto plan = t::placed(t::plan_of(at), {first.address(), second.address()});
    plan.tls = ours;

    const a::run_report seen = a::train(plan, data);

    REQUIRE(seen.message == "");
    if (t::is_fixed(at)) {
      CHECK(seen.parameters == a::train(t::plan_of(at), data).parameters);
    }
  }
}

TEST_CASE("channels: in turn each finds the hub one update older") {
  t::all_channels channels;
  // 24 updates of 4 samples each, by turns.
  const auto run = [&](const p::age& by, way over) {
    return channels.run(
        t::plan_of(one_of(p::add_delta{by}, p::in_turn{}, "two at a hub")),
        over);
  };
  for (const way over : t::all_channels::ways) {
    INFO(t::all_channels::name_of(over));
    // The second's are of age 1, always; the first's are not, then.
    const auto late = run(p::drop{0}, over);
    CHECK(late.parameters.back() == 12.0F * 4.0F);
    CHECK(dropped(late) == 12);
    CHECK(dropped(run(p::drop{1}, over)) == 0);

    // All but the first count a half.
    CHECK(run(p::scale{}, over).parameters.back() == 4.0F + 23.0F * 2.0F);
  }
}

TEST_CASE("channels: quorums on two nodes lose no step and skip nobody") {
  t::all_channels channels;
  p::graph three;
  three.replicas = {{"hub", 0, {}, {}},
                    {"r1", 1, {}, {}},
                    {"r2", 1, {}, {}},
                    {"r3", 1, {}, {}}};
  const std::size_t least = GENERATE(1U, 2U, 3U);
  const std::size_t grace = GENERATE(0U, 3U);
  const auto count = [&](const p::exchange& rule, way over) {
    t::channel_case at{"three at a hub", rule, p::quorum{4, least, grace},
                       three};
    for (std::size_t i = 1; i <= 3; ++i) {
      at.graph.links.push_back({i, 0, rule, at.discipline});
    }
    const a::run_report seen = channels.run(t::plan_of(at), over);
    REQUIRE(seen.message == "");
    for (const a::link_record& link : seen.links) {
      CHECK(link.count == 8);
    }
    return seen.parameters.back();
  };
  for (const way over : t::all_channels::ways) {
    INFO("least " << least << ", grace " << grace << ", over "
                  << t::all_channels::name_of(over));

    CHECK(count(p::gradient{p::combine::sum}, over) == 96.0F);

    // Each round is a step of 4: of all three in 8 rounds, or of `least`.
    const float rounds = count(p::outer_step{1.0, 0.0}, over) / 4.0F;
    CHECK(rounds == std::floor(rounds));
    CHECK(rounds >= 8.0F);
    CHECK(rounds <= 24.0F);
    CHECK((rounds == 8.0F || least < 3));
    // A round of fewer is of those who are left: at the end.
    CHECK(rounds <= 24.0F / static_cast<float>(least) + 8.0F);
  }
}

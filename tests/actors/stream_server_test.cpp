// A link's far end over a stream, without actors: it does what the one in
// memory does, and holds nobody up when who it serves is lost.

#include "actors/sync/stream_server.hpp"

#include <array>
#include <memory>
#include <vector>

#include <catch2/catch.hpp>

#include "actors/sync/memory_channel.hpp"
#include "actors/sync/packet.hpp"
#include "actors/sync/rules.hpp"
#include "actors/sync/stream_channel.hpp"
#include "kernels/data/random.hpp"
#include "tests/support/training.hpp"

namespace a = sounder::actors;
namespace k = sounder::kernels;
namespace p = sounder::topology;
namespace t = sounder::tests;

namespace {

constexpr std::size_t size = a::packet_floats + 3000;  // two packets

/// Both ends of a stream.
struct ends {
  ends() {
    const auto [near_socket, far_socket] = a::socket_pair();
    const a::tls_context open_to_all{a::tls_files()};
    near->join(std::make_unique<a::stream>(near_socket, open_to_all,
                                           a::stream::side::connects));
    far->join(std::make_unique<a::stream>(far_socket, open_to_all,
                                          a::stream::side::accepts));
  }
  std::shared_ptr<a::pending_stream> near =
      std::make_shared<a::pending_stream>();
  std::shared_ptr<a::pending_stream> far =
      std::make_shared<a::pending_stream>();
};

/// Two replicas at a hub, each with a way there.
class pair {
 public:
  pair(const p::exchange& rule, const p::discipline& when, bool by_stream,
       const p::compression& packing = p::as_is{}, bool says_less = false) {
    plan_.graph.replicas = {
        {"hub", 0, {}, {}}, {"a", 1, {}, {}}, {"b", 1, {}, {}}};
    plan_.graph.links = {{1, 0, rule, when, packing},
                         {2, 0, rule, when, packing}};
    plan_.objective = std::make_shared<t::tally>(size);
    far_ = std::make_shared<a::target>(hub, 2, 0, a::gate_for(when, {0, 1}));
    for (std::size_t i = 0; i < 2; ++i) {
      ends_[i] = std::make_unique<a::local_end>(w[i], false, 0);
      a::local_link near;
      near.rule = a::make_rule(plan_, i, 1, false);
      near.snapshot = w[i];
      near.meter = meters[i];
      near.discipline = when;
      if (by_stream) {
        const ends both;
        const auto start = [&] { return w[i]; };
        const p::link& link = plan_.graph.links[i];
        const auto up = near.rule->goes_up();
        const auto down = a::answers_of(*near.rule, link);
        const bool less = says_less && a::leaves_known(*near.rule, link);
        servers_[i] = a::serve_by_stream(
            a::link_end{near.rule, far_, i, a::held_for::errand}, both.far,
            a::codec_of(link, down, up, start, less));
        sessions_[i] =
            a::meet_by_stream({std::move(near), both.near,
                               a::codec_of(link, up, down, start, less)});
      } else {
        sessions_[i] = a::meet_in_memory({std::move(near), far_, i, true});
      }
    }
  }

  void move(std::size_t replica, k::random_stream& by) {
    for (float& x : w[replica]) {
      x += static_cast<float>(by.below(100)) / 100.0F;
    }
  }

  /// True when its meeting is over.
  bool attend(std::size_t replica) {
    ends_[replica]->rest(1.0F);
    return sessions_[replica]->attend(*ends_[replica], {0.5F, 1.0F});
  }
  void meet(std::size_t replica) {
    while (!attend(replica)) {
      serve(replica);
    }
  }
  void serve(std::size_t replica) {
    if (servers_[replica]) {
      REQUIRE(servers_[replica]->turn());
    }
  }

  /// Of both ends.
  void keep(a::state_archive& all) {
    all(hub, w, *far_);
    for (std::size_t i = 0; i < 2; ++i) {
      REQUIRE(ends_[i]->settle());
      all(*ends_[i], *servers_[i], *sessions_[i]);
    }
  }

  std::vector<float> hub = std::vector<float>(size, 0.0F);
  std::array<std::vector<float>, 2> w{hub, hub};
  std::array<std::shared_ptr<a::link_meter>, 2> meters{
      std::make_shared<a::link_meter>(), std::make_shared<a::link_meter>()};

 private:
  a::training_plan plan_;
  std::shared_ptr<a::target> far_;
  std::array<std::unique_ptr<a::local_end>, 2> ends_;
  std::array<std::shared_ptr<a::stream_server>, 2> servers_;
  std::array<std::unique_ptr<a::meeting>, 2> sessions_;
};

void check_same(const pair& one, const pair& other) {
  CHECK(one.hub == other.hub);
  for (std::size_t i = 0; i < 2; ++i) {
    CHECK(one.w[i] == other.w[i]);
    CHECK(one.meters[i]->record().dropped == other.meters[i]->record().dropped);
    CHECK(one.meters[i]->record().bytes == other.meters[i]->record().bytes);
  }
}

}  // namespace

TEST_CASE("far end: over a stream it is what it is in memory") {
  const auto [rule, when] = GENERATE(
      std::pair<p::exchange, p::discipline>(p::elastic{0.3}, p::every{1, true}),
      std::pair<p::exchange, p::discipline>(p::add_delta{p::drop{1}},
                                            p::every{1, true}),
      std::pair<p::exchange, p::discipline>(
          p::gradient{p::combine::mean, 0.5, p::scale{}}, p::push_fetch{1, 2}));
  pair in_memory(rule, when, false);
  pair by_stream(rule, when, true);
  k::random_stream order(1, 1);

  for (int meeting = 0; meeting < 12; ++meeting) {
    const std::size_t who = order.below(2);
    for (pair* const each : {&in_memory, &by_stream}) {
      k::random_stream moves(2, static_cast<std::uint64_t>(meeting));
      each->move(who, moves);
      each->meet(who);
    }
  }

  check_same(in_memory, by_stream);
}

TEST_CASE("far end: over a stream a round is what it is in memory") {
  pair in_memory(p::elastic{0.3}, p::barrier{1}, false);
  pair by_stream(p::elastic{0.3}, p::barrier{1}, true);

  for (std::uint64_t round = 0; round < 4; ++round) {
    for (pair* const each : {&in_memory, &by_stream}) {
      k::random_stream moves(3, round);
      each->move(0, moves);
      each->move(1, moves);
      std::array<bool, 2> is_over{};
      while (!is_over[0] || !is_over[1]) {
        for (std::size_t i = 0; i < 2; ++i) {
          is_over[i] = is_over[i] || each->attend(i);
          each->serve(i);
        }
      }
    }
  }

  check_same(in_memory, by_stream);
}

TEST_CASE("far end: both ends go on from bytes as if nothing had been") {
  using form = std::pair<p::compression, bool>;
  const auto [packing, says_less] = GENERATE(
      form(p::as_is{}, false), form(p::as_is{}, true), form(p::int8{}, false),
      form(p::top_k{}, false), form(p::fp16{}, false));
  const auto [rule, when] = GENERATE(
      std::pair<p::exchange, p::discipline>(p::elastic{0.3}, p::every{1, true}),
      std::pair<p::exchange, p::discipline>(p::add_delta{p::scale{}},
                                            p::every{1, true}),
      std::pair<p::exchange, p::discipline>(
          p::gradient{p::combine::mean, 0.5, p::any_age{}},
          p::push_fetch{1, 2}));
  pair one(rule, when, true, packing, says_less);
  const auto meet = [](pair& each, std::uint64_t meeting) {
    k::random_stream moves(2, meeting);
    const std::size_t who = moves.below(2);
    each.move(who, moves);
    each.meet(who);
  };
  for (std::uint64_t meeting = 0; meeting < 5; ++meeting) {
    meet(one, meeting);
  }
  a::state_archive writes;
  writes(one);
  const std::vector<std::byte> saved = writes.take();
  pair other(rule, when, true, packing, says_less);
  a::state_archive reads(saved);

  reads(other);
  for (std::uint64_t meeting = 5; meeting < 12; ++meeting) {
    meet(one, meeting);
    meet(other, meeting);
  }

  CHECK(reads.left() == 0);
  CHECK(one.hub == other.hub);
  CHECK(one.w == other.w);
}

TEST_CASE("far end: who is lost in the middle holds nobody up") {
  std::vector<float> hub(size, 0.0F);
  const auto far = std::make_shared<a::target>(hub, 1);
  a::training_plan plan;
  plan.graph.replicas = {{"hub", 0, {}, {}}, {"a", 1, {}, {}}};
  plan.graph.links = {{1, 0, p::elastic{0.3}, p::every{1, true}}};
  plan.objective = std::make_shared<t::tally>(size);
  const ends both;
  const auto server = a::serve_by_stream(
      {a::make_rule(plan, 0, 1, false), far, 0, a::held_for::errand}, both.far,
      a::codec());
  a::packet_header first;
  first.length = 1;
  first.bytes = sizeof(float);
  a::outgoing out;
  *out.start(first) = 1.0F;
  out.seal();

  REQUIRE(out.send_on(*both.near->get()));
  while (!far->is_held()) {
    REQUIRE(server->turn());
  }
  both.near->get()->hang_up();
  while (server->turn()) {
  }

  CHECK(!far->is_held());
}

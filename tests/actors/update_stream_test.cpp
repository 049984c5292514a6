// Updates and tokens over streams, without actors: each member as if it lived
// on a node of its own, and somebody drawn at random goes on.

#include "actors/sync/update_stream.hpp"

#include <algorithm>
#include <map>
#include <utility>
#include <vector>

#include <catch2/catch.hpp>

#include "kernels/data/random.hpp"

namespace {

namespace a = sounder::actors;
namespace k = sounder::kernels;

using vector = std::vector<float>;

/// Both ends of a stream.
struct ends {
  std::pair<int, int> sockets = a::socket_pair();
  a::tls_context open_to_all{a::tls_files()};
  a::stream near{sockets.first, open_to_all, a::stream::side::connects};
  a::stream far{sockets.second, open_to_all, a::stream::side::accepts};
};

a::update update_of(std::size_t from, std::uint64_t round, double weight,
                    vector values) {
  return {from, round, weight, std::make_shared<vector>(std::move(values))};
}

/// An outbox, the inbox that it is for, and the stream between.
class way {
 public:
  way(std::size_t from, std::size_t size, std::shared_ptr<a::inbox> to,
      const k::compression& packing = {}, vector start = {})
      : inbox_(std::move(to)),
        sends_(a::outbox_by_stream(size, inbox_->kind(),
                                   a::codec(packing, what(), what(), start),
                                   meter_, std::make_shared<a::wake_up>())),
        receives_(a::updates_by_stream(
            inbox_, from, size, a::codec(packing, what(), what(), start))) {}

  a::outbox& outbox() { return *sends_.to; }
  bool near_goes_on() { return sends_.sender->go_on(ends_.near); }
  bool far_goes_on() { return receives_->go_on(ends_.far); }
  void go_on_to_the_end() {
    while (near_goes_on() || far_goes_on()) {
    }
  }
  std::uint64_t bytes() const { return meter_->bytes.load(); }
  ends& both() { return ends_; }

 private:
  k::payload what() const {
    return a::adds_up(inbox_->kind()) ? k::payload::differences
                                      : k::payload::parameters;
  }

  ends ends_;
  std::shared_ptr<a::inbox> inbox_;
  std::shared_ptr<a::link_meter> meter_ = std::make_shared<a::link_meter>();
  a::streamed_outbox sends_;
  std::shared_ptr<a::stream_user> receives_;
};

std::shared_ptr<a::inbox> inbox_for(a::update_kind kind) {
  return std::make_shared<a::inbox>(kind);
}

struct totals {
  double values = 0.0;
  double weight = 0.0;

  void add(const a::update& news) {
    values += static_cast<double>(news.values->front() + news.values->back());
    weight += news.weight;
  }
};

}  // namespace

TEST_CASE("updates: what is put arrives, whatever the order") {
  constexpr std::size_t members = 3;
  constexpr std::size_t size = a::packet_floats + 1;  // two packets
  constexpr int puts = 20;
  for (std::uint64_t seed = 0; seed < 40; ++seed) {
    const auto kind =
        seed % 2 == 0 ? a::update_kind::deltas : a::update_kind::shares;
    INFO("order " << seed);
    k::random_stream random(seed);
    const auto draw = [&](std::size_t below) {
      return random.below(static_cast<std::uint32_t>(below));
    };
    std::vector<std::shared_ptr<a::inbox>> boxes;
    std::map<std::pair<std::size_t, std::size_t>, std::unique_ptr<way>> ways;
    for (std::size_t to = 0; to < members; ++to) {
      boxes.push_back(inbox_for(kind));
      for (std::size_t from = 0; from < members; ++from) {
        if (from != to) {
          ways[{from, to}] = std::make_unique<way>(from, size, boxes[to]);
        }
      }
    }
    totals put;
    totals arrived;
    const auto read = [&](std::size_t member) {
      for (const a::update& news : boxes[member]->take_all()) {
        arrived.add(news);
      }
    };

    for (int n = 0; n < puts;) {
      const std::size_t from = draw(members);
      const std::size_t to = (from + 1 + draw(members - 1)) % members;
      way& at = *ways.at({from, to});
      switch (draw(4)) {
        case 0: {
          const a::update news =
              update_of(from, static_cast<std::uint64_t>(n), 0.25,
                        vector(size, static_cast<float>(n)));
          put.add(news);
          at.outbox().put(news);
          REQUIRE_FALSE(at.outbox().is_delivered());
          ++n;
          break;
        }
        case 1:
          static_cast<void>(at.near_goes_on());
          break;
        case 2:
          static_cast<void>(at.far_goes_on());
          break;
        default:
          read(to);
      }
    }
    for (const auto& [between, at] : ways) {
      at->go_on_to_the_end();
      REQUIRE(at->outbox().is_delivered());
    }
    for (std::size_t member = 0; member < members; ++member) {
      read(member);
    }

    // Whole numbers and quarters add up exactly.
    REQUIRE(arrived.values == put.values);
    REQUIRE(arrived.weight == put.weight);
    REQUIRE(put.weight == 0.25 * puts);
  }
}

TEST_CASE("updates: one is delivered once the far inbox has it, not before") {
  const auto box = inbox_for(a::update_kind::mixing);
  way at(1, 2, box);
  REQUIRE(at.outbox().is_delivered());

  at.outbox().put(update_of(1, 7, 0.5, {3.0F, 4.0F}));
  REQUIRE(at.near_goes_on());
  CHECK_FALSE(at.outbox().is_delivered());
  CHECK(box->size() == 0);
  REQUIRE(at.far_goes_on());
  CHECK(box->size() == 1);
  CHECK_FALSE(at.outbox().is_delivered());
  REQUIRE(at.near_goes_on());

  CHECK(at.outbox().is_delivered());
  const auto found = box->take_round(7, 1);
  REQUIRE(found.size() == 1);
  CHECK(found[0].from == 1);
  CHECK(found[0].weight == 0.5);
  CHECK(*found[0].values == vector{3.0F, 4.0F});
}

TEST_CASE("updates: those of rounds stay apart, the others become one") {
  const auto kind =
      GENERATE(a::update_kind::deltas, a::update_kind::round_shares);
  const auto box = inbox_for(kind);
  way at(0, 1, box);

  for (std::uint64_t round = 0; round < 4; ++round) {
    at.outbox().put(update_of(0, round, 1.0, {1.0F}));
  }
  at.go_on_to_the_end();

  const bool is_one = a::adds_up(kind);
  CHECK(at.bytes() == (is_one ? 1 : 4) * sizeof(float));
  CHECK(box->size() == (is_one ? 1 : 4));
  CHECK((is_one ? box->take_all() : box->take_round(3, 1)).at(0).weight ==
        (is_one ? 4.0 : 1.0));
}

TEST_CASE("updates: values travel as the link's compression says") {
  const vector start = {1.0F, 2.0F, 3.0F, 4.0F};
  const auto box = inbox_for(a::update_kind::deltas);
  way at(0, 4, box, {k::packing::fp16, 0.5}, start);

  at.outbox().put(update_of(0, 0, 0.0, start));
  at.go_on_to_the_end();

  CHECK(at.bytes() == 4 * 2);
  CHECK(*box->take_all().at(0).values == start);
}

TEST_CASE("updates: who answers or sends out of turn is hung up on") {
  way at(0, 4, inbox_for(a::update_kind::mixing));
  a::outgoing out;
  a::packet_header header;
  header.kind = a::errand::push;

  SECTION("an answer to nothing") {
    out.start(header);
    REQUIRE(out.send_on(at.both().far));
    CHECK_THROWS_AS(at.near_goes_on(), a::stream_error);
  }
  SECTION("an update that does not begin at its beginning") {
    header.offset = 1;
    header.length = 1;
    header.bytes = sizeof(float);
    *out.start(header) = 1.0F;
    REQUIRE(out.send_on(at.both().near));
    CHECK_THROWS_AS(at.far_goes_on(), a::stream_error);
  }
  SECTION("an update of nothing") {
    out.start(header);
    REQUIRE(out.send_on(at.both().near));
    CHECK_THROWS_AS(at.far_goes_on(), a::stream_error);
  }
  SECTION("the end") {
    at.both().far.hang_up();
    CHECK_THROWS_AS(at.near_goes_on(), a::stream_error);
  }
}

TEST_CASE("a stream loop moves updates, and names who is lost once") {
  const auto box = inbox_for(a::update_kind::mixing);
  const a::tls_context open_to_all{a::tls_files()};
  const auto [one, other] = a::socket_pair();
  const auto near = std::make_shared<a::pending_stream>("there");
  const auto far = std::make_shared<a::pending_stream>();
  a::stream_loop loop;
  auto made = a::outbox_by_stream(
      1, box->kind(), {}, std::make_shared<a::link_meter>(), loop.bell());
  loop.add(near, made.sender);
  loop.add(far, a::updates_by_stream(box, 0, 1, {}));
  int losses = 0;
  const auto turn = [&] {
    loop.turn(std::chrono::milliseconds(1),
              [&](const a::stream_error&) { ++losses; });
  };

  made.to->put(update_of(0, 0, 0.0, {1.0F}));
  turn();
  CHECK_FALSE(made.to->is_delivered());  // the stream has not come yet
  near->join(
      std::make_unique<a::stream>(one, open_to_all, a::stream::side::connects));
  far->join(std::make_unique<a::stream>(other, open_to_all,
                                        a::stream::side::accepts));
  for (int k = 0; k < 10; ++k) {
    turn();
  }
  CHECK(made.to->is_delivered());
  CHECK(box->size() == 1);
  CHECK(losses == 0);

  far->get()->hang_up();
  for (int k = 0; k < 10; ++k) {
    turn();
  }
  CHECK(losses == 2);  // either end
}

TEST_CASE("tokens: there is one, and it comes to all") {
  constexpr std::size_t members = 4;
  for (std::uint64_t seed = 0; seed < 500; ++seed) {
    INFO("order " << seed);
    k::random_stream random(seed);
    const auto draw = [&](std::uint32_t below) { return random.below(below); };
    std::vector<std::unique_ptr<ends>> streams;  // to each member
    std::vector<std::shared_ptr<a::token_sender>> senders;
    std::vector<std::shared_ptr<a::token_ring>> rings;
    std::vector<std::shared_ptr<a::stream_user>> receivers;
    for (std::size_t i = 0; i < members; ++i) {
      streams.push_back(std::make_unique<ends>());
      senders.push_back(
          std::make_shared<a::token_sender>(std::make_shared<a::wake_up>()));
    }
    for (std::size_t i = 0; i < members; ++i) {
      std::vector<char> is_here(members, 0);
      is_here[i] = 1;
      rings.push_back(std::make_shared<a::token_ring>(
          std::move(is_here),
          [&senders](std::size_t to) { senders[to]->send(); }));
      receivers.push_back(a::tokens_by_stream(rings[i], i));
      rings[i]->enter(i);
    }
    std::vector<int> visits(members, 0);

    for (int tries = 0; *std::min_element(visits.begin(), visits.end()) < 5;
         ++tries) {
      REQUIRE(tries < 10'000);  // the token is lost otherwise
      int holders = 0;
      for (std::size_t i = 0; i < members; ++i) {
        holders += rings[i]->is_at(i) ? 1 : 0;
      }
      REQUIRE(holders <= 1);
      const std::size_t member = draw(members);
      switch (draw(3)) {
        case 0:
          static_cast<void>(senders[member]->go_on(streams[member]->near));
          break;
        case 1:
          static_cast<void>(receivers[member]->go_on(streams[member]->far));
          break;
        default:
          if (rings[member]->is_at(member)) {
            ++visits[member];
            rings[member]->pass_on();
          }
      }
    }

    // In turn: nobody is a visit ahead of who comes after him.
    const auto [least, most] =
        std::minmax_element(visits.begin(), visits.end());
    REQUIRE(*most - *least <= 1);
  }
}

TEST_CASE("tokens: one that comes to a member at rest goes on") {
  ends wire;
  int forwarded = 0;
  const auto ring = std::make_shared<a::token_ring>(
      std::vector<char>{0, 1}, [&](std::size_t) { ++forwarded; });
  a::token_sender sends(std::make_shared<a::wake_up>());
  const auto receives = a::tokens_by_stream(ring, 1);

  sends.send();
  REQUIRE(sends.go_on(wire.near));
  REQUIRE(receives->go_on(wire.far));
  CHECK(receives->is_pressing());
  const auto until =
      std::chrono::steady_clock::now() + std::chrono::seconds(10);
  while (forwarded == 0 && std::chrono::steady_clock::now() < until) {
    static_cast<void>(receives->go_on(wire.far));
  }

  CHECK(forwarded == 1);
  CHECK_FALSE(receives->is_pressing());
}

// Updates between processes, without actors: each member as if it lived in a
// process of its own, and somebody drawn at random goes on.

#include "actors/sync/courier.hpp"

#include <algorithm>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include <catch2/catch.hpp>

#include "kernels/data/random.hpp"
#include "tests/support/couriers.hpp"

namespace {

namespace a = sounder::actors;
namespace k = sounder::kernels;
namespace t = sounder::tests;

using vector = std::vector<float>;

a::update update_of(std::size_t from, std::uint64_t round, double weight,
                    vector values) {
  return {from, round, weight, std::make_shared<vector>(std::move(values))};
}

std::shared_ptr<a::inbox> inbox_for(a::update_kind kind) {
  return std::make_shared<a::inbox>(kind);
}

/// An outbox of a replica, and inboxes at the other end.
class way {
 public:
  way(t::two_couriers& by, a::channel_number at, std::size_t from,
      std::vector<std::shared_ptr<a::inbox>> to,
      const k::compression& packing = {}, const vector& start = {}) {
    const a::update_kind kind = to.front()->kind();
    const auto what =
        a::adds_up(kind) ? k::payload::differences : k::payload::parameters;
    const a::codec both(packing, what, what, start);
    for (const auto& each : to) {
      meters_.push_back(std::make_shared<a::link_meter>());
      auto made = by.near().outbox_for(at, kind, meters_.back(), both);
      REQUIRE((made == nullptr) == (outbox_ != nullptr));
      outbox_ = made ? made : outbox_;
      by.far().deliver(at, from, each, both);
    }
  }

  a::outbox& outbox() { return *outbox_; }
  std::uint64_t bytes(std::size_t link = 0) const {
    return meters_[link]->bytes.load();
  }

 private:
  std::shared_ptr<a::outbox> outbox_;
  std::vector<std::shared_ptr<a::link_meter>> meters_;
};

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
  constexpr std::size_t replicas = 3;                 // at either end
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
    t::two_couriers by(size);
    std::vector<std::shared_ptr<a::inbox>> boxes;
    std::vector<way> ways;
    for (std::size_t i = 0; i < replicas; ++i) {
      boxes.push_back(inbox_for(kind));
      ways.emplace_back(by, i, i, std::vector{boxes[i]});
    }
    totals put;
    totals arrived;
    const auto read = [&](std::size_t replica) {
      for (const a::update& news : boxes[replica]->take_all()) {
        CHECK(news.from == replica);
        arrived.add(news);
      }
    };

    for (int n = 0; n < puts;) {
      const std::size_t replica = draw(replicas);
      switch (draw(4)) {
        case 0: {
          const a::update news =
              update_of(replica, static_cast<std::uint64_t>(n), 0.25,
                        vector(size, static_cast<float>(n)));
          put.add(news);
          ways[replica].outbox().put(news);
          REQUIRE_FALSE(ways[replica].outbox().is_delivered());
          ++n;
          break;
        }
        case 1:
          static_cast<void>(by.near().go_on());
          break;
        case 2:
          static_cast<void>(by.far().go_on());
          break;
        default:
          read(replica);
      }
    }
    by.go_on_to_the_end();
    for (std::size_t i = 0; i < replicas; ++i) {
      REQUIRE(ways[i].outbox().is_delivered());
      read(i);
    }

    // Whole numbers and quarters add up exactly.
    REQUIRE(arrived.values == put.values);
    REQUIRE(arrived.weight == put.weight);
    REQUIRE(put.weight == 0.25 * puts);
  }
}

TEST_CASE("updates: one is delivered once the far inbox has it, not before") {
  const auto box = inbox_for(a::update_kind::mixing);
  t::two_couriers by(2);
  way at(by, 5, 1, {box});
  REQUIRE(at.outbox().is_delivered());

  at.outbox().put(update_of(1, 7, 0.5, {3.0F, 4.0F}));
  REQUIRE(by.near().go_on());
  CHECK_FALSE(at.outbox().is_delivered());
  CHECK(box->size() == 0);
  REQUIRE(by.far().go_on());
  CHECK(box->size() == 1);
  CHECK_FALSE(at.outbox().is_delivered());
  REQUIRE(by.near().go_on());

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
  t::two_couriers by(1);
  way at(by, 0, 0, {box});

  for (std::uint64_t round = 0; round < 4; ++round) {
    at.outbox().put(update_of(0, round, 1.0, {1.0F}));
  }
  by.go_on_to_the_end();

  const bool is_one = a::adds_up(kind);
  CHECK(at.bytes() == (is_one ? 1 : 4) * sizeof(float));
  CHECK(box->size() == (is_one ? 1 : 4));
  CHECK((is_one ? box->take_all() : box->take_round(3, 1)).at(0).weight ==
        (is_one ? 4.0 : 1.0));
}

TEST_CASE("updates: one travels for all neighbours, as one vector") {
  const std::vector boxes = {inbox_for(a::update_kind::shares),
                             inbox_for(a::update_kind::shares)};
  t::two_couriers by(1);
  way at(by, 0, 4, boxes);

  at.outbox().put(update_of(4, 0, 0.5, {2.0F}));
  by.go_on_to_the_end();

  const auto first = boxes[0]->take_all();
  const auto second = boxes[1]->take_all();
  REQUIRE(first.size() == 1);
  REQUIRE(second.size() == 1);
  CHECK(first[0].values == second[0].values);
  CHECK(at.bytes(0) == sizeof(float));
  CHECK(at.bytes(1) == sizeof(float));
  CHECK(at.outbox().is_delivered());
}

TEST_CASE("updates: values travel as the link's compression says") {
  const vector start = {1.0F, 2.0F, 3.0F, 4.0F};
  const auto box = inbox_for(a::update_kind::deltas);
  t::two_couriers by(4);
  way at(by, 0, 0, {box}, {k::packing::fp16, 0.5}, start);

  at.outbox().put(update_of(0, 0, 0.0, start));
  by.go_on_to_the_end();

  CHECK(at.bytes() == 4 * 2);
  CHECK(*box->take_all().at(0).values == start);
}

TEST_CASE("updates: who has much to say lets others have their say") {
  constexpr std::size_t size = 40 * a::packet_floats;  // no socket takes that
  t::two_couriers by(size);
  const auto first = inbox_for(a::update_kind::mixing);
  const auto second = inbox_for(a::update_kind::mixing);
  way large(by, 0, 0, {first});
  way other(by, 1, 1, {second});
  const auto ring = std::make_shared<a::token_ring>(std::vector<char>{0, 1});
  by.far().bring(2, a::errand::push, ring, 1);

  large.outbox().put(update_of(0, 0, 0.0, vector(size)));
  REQUIRE(by.near().go_on());
  other.outbox().put(update_of(1, 0, 0.0, vector(size)));
  by.near().say(2, a::errand::push);
  std::size_t turns = 0;
  while (!ring->is_at(1) && by.go_on()) {
    ++turns;
  }
  CHECK(first->size() == 0);
  CHECK(ring->is_at(1));
  while (first->size() == 0 && by.go_on()) {
    ++turns;
  }
  const std::size_t until_first = turns;
  while (second->size() == 0 && by.go_on()) {
    ++turns;
  }

  // One after the other, the second would take as long again.
  REQUIRE(second->size() == 1);
  CHECK(turns - until_first < until_first / 4);
}

TEST_CASE("couriers: who speaks out of turn is named in a line") {
  t::two_couriers by(4);
  const auto box = inbox_for(a::update_kind::mixing);
  way at(by, 3, 0, {box});
  const auto ring = std::make_shared<a::token_ring>(std::vector<char>{0, 1});
  by.far().bring(8, a::errand::push, ring, 1);
  a::outgoing out;
  a::packet_header header;
  header.kind = a::errand::push;
  header.channel = 3;
  const auto whole = [&](std::uint32_t floats) {
    header.length = floats;
    header.bytes = floats * sizeof(float);
    std::fill_n(out.start(header), floats, 1.0F);
  };
  const auto far_says = [&](const std::string& why) {
    REQUIRE(out.send_on(*by.near().wire()));
    CHECK_THROWS_WITH(by.far().go_on(),
                      "its connection to node near broke (" + why + ")");
    CHECK(box->size() == 0);
  };

  SECTION("a receipt of nothing") {
    out.start(header);
    REQUIRE(out.send_on(*by.far().wire()));
    CHECK_THROWS_WITH(by.near().go_on(),
                      Catch::Contains("node far") &&
                          Catch::Contains("a receipt that does not fit"));
  }
  SECTION("a receipt of another round") {
    at.outbox().put(update_of(0, 7, 0.0, vector(4)));
    REQUIRE(by.near().go_on());
    header.version = 6;
    out.start(header);
    REQUIRE(out.send_on(*by.far().wire()));
    CHECK_THROWS_WITH(by.near().go_on(),
                      Catch::Contains("a receipt that does not fit"));
  }
  SECTION("an update that does not begin at its beginning") {
    header.offset = 1;
    whole(1);
    far_says("a packet out of turn");
  }
  SECTION("an update of nothing") {
    out.start(header);
    far_says("a packet out of turn");
  }
  SECTION("a pull of an update") {
    header.kind = a::errand::pull;
    whole(4);
    far_says("a packet out of turn");
  }
  SECTION("more than a vector") {
    whole(5);
    far_says("a packet that does not fit");
  }
  SECTION("a link that is not between them") {
    header.channel = 4;
    whole(4);
    far_says("a packet of no link between them: 4");
  }
  SECTION("a token with values") {
    header.channel = 8;
    whole(1);
    far_says("a packet that does not fit");
  }
  SECTION("a call where tokens come") {
    header.channel = 8;
    header.kind = a::errand::pull;
    out.start(header);
    far_says("a token out of turn");
  }
  SECTION("the end") {
    by.far().wire()->hang_up();
    CHECK_THROWS_AS(by.near().go_on(), a::stream_error);
  }
}

TEST_CASE("couriers: one that breaks is named once, the others go on") {
  const auto box = inbox_for(a::update_kind::mixing);
  t::two_couriers broken(1);
  t::two_couriers sound(1, false);
  way at(sound, 0, 0, {box});
  a::wake_up bell;
  std::vector all = {broken.near_end(), sound.near_end(), sound.far_end()};
  int losses = 0;
  const auto turn = [&] {
    a::carry(all, bell, std::chrono::milliseconds(1),
             [&](const a::stream_error&) { ++losses; });
  };

  at.outbox().put(update_of(0, 0, 0.0, {1.0F}));
  turn();
  CHECK_FALSE(at.outbox().is_delivered());  // the stream has not come yet
  sound.join();
  for (int n = 0; n < 10; ++n) {
    turn();
  }
  CHECK(at.outbox().is_delivered());
  CHECK(box->size() == 1);
  CHECK(losses == 0);

  broken.far().wire()->hang_up();
  for (int n = 0; n < 10; ++n) {
    turn();
  }
  CHECK(losses == 1);
  at.outbox().put(update_of(0, 1, 0.0, {1.0F}));
  for (int n = 0; n < 10; ++n) {
    turn();
  }
  CHECK(box->size() == 2);
  CHECK(losses == 1);
}

TEST_CASE("couriers: who puts something wakes who waits") {
  t::two_couriers by(1);
  way at(by, 0, 0, {inbox_for(a::update_kind::mixing)});
  std::vector all = {by.near_end()};
  const auto turn = [&](std::chrono::milliseconds longest) {
    const auto began = std::chrono::steady_clock::now();
    a::carry(all, by.bell(), longest, [](const a::stream_error&) {});
    return std::chrono::steady_clock::now() - began;
  };
  static_cast<void>(turn(std::chrono::milliseconds(1)));

  std::jthread puts([&] { at.outbox().put(update_of(0, 0, 0.0, vector(1))); });

  CHECK(turn(std::chrono::seconds(60)) < std::chrono::seconds(30));
}

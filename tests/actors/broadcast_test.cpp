// All-to-all by a replica's own clock: it waits for its updates to set out, but
// not for a neighbour that takes none.

#include <chrono>
#include <memory>
#include <utility>
#include <vector>

#include <catch2/catch.hpp>

#include "actors/sync/gossip_meeting.hpp"

namespace a = sounder::actors;

namespace {

using namespace std::chrono_literals;
using clock = std::chrono::steady_clock;

/// To a neighbour that takes one update when asked to.
class kept_outbox : public a::outbox {
 public:
  void put(a::update) override { ++waiting_; }
  bool has_room() const override { return waiting_ == 0; }
  void wait_for_room(a::signal::time_point until) override {
    waited_until = until;
  }
  bool is_delivered() const override { return has_room(); }
  void keep(a::state_archive&) override {}

  void take() { waiting_ = 0; }
  a::signal::time_point waited_until;

 private:
  int waiting_ = 0;
};

/// A replica of one number with one neighbour.
class replica {
 public:
  replica() {
    a::neighbourhood around;
    around.in = 1;
    around.out.push_back({1, std::make_shared<a::link_meter>(), 0.0});
    around.outboxes.push_back(to);
    meeting_ = a::broadcast_updates(std::move(around), {0.0F}, 1);
    own_.rest(1.0F);
  }

  bool attends() { return meeting_->attend(own_, {}); }
  void wait() { meeting_->wait(); }

  std::shared_ptr<kept_outbox> to = std::make_shared<kept_outbox>();

 private:
  float number_ = 0.0F;
  a::local_end own_{std::span<float>(&number_, 1), false, std::size_t{0}};
  std::unique_ptr<a::meeting> meeting_;
};

}  // namespace

TEST_CASE("all-to-all: an update waits for the one before it to set out") {
  replica one;
  REQUIRE(one.attends());
  const auto came = clock::now();

  const bool is_early = !one.attends() || clock::now() - came >= 1ms;

  CHECK(is_early);
  one.wait();
  CHECK(one.to->waited_until >= came + 1ms);
  one.to->take();
  CHECK(one.attends());
}

TEST_CASE("all-to-all: a neighbour that takes nothing holds up nobody") {
  constexpr int occasions = 1000;
  replica one;
  REQUIRE(one.attends());
  const auto begin = clock::now();
  int late = 0;

  for (int n = 0; n < occasions; ++n) {
    bool is_late = false;
    while (!one.attends()) {
      is_late = true;
    }
    late += is_late ? 1 : 0;
  }

  CHECK(late <= 20);
  CHECK(clock::now() - begin >= 20ms);  // a millisecond each, in a row

  one.to->take();
  REQUIRE(one.attends());
  const auto came = clock::now();
  while (!one.attends()) {
  }
  CHECK(clock::now() - came >= 1ms);  // is waited for anew
}

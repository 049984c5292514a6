// Meetings with neighbours drawn at random, over streams: one that does not
// answer keeps nobody from the others, and is met when it does.

#include <array>
#include <chrono>
#include <memory>
#include <stop_token>
#include <thread>
#include <vector>

#include <catch2/catch.hpp>

#include "actors/sync/rules.hpp"
#include "actors/sync/stream_channel.hpp"
#include "actors/sync/stream_server.hpp"
#include "kernels/data/random.hpp"
#include "kernels/exchange/elastic.hpp"

namespace a = sounder::actors;
namespace k = sounder::kernels;
namespace p = sounder::topology;

namespace {

constexpr std::size_t size = 64;
constexpr std::chrono::milliseconds patience(100);

/// A neighbour and the way to it.
struct neighbour {
  std::vector<float> w;
  std::shared_ptr<a::link_meter> meter = std::make_shared<a::link_meter>();
  std::shared_ptr<a::stream_server> server;
  std::jthread serving;

  void wake() {
    serving = std::jthread([this](const std::stop_token& stop) {
      while (!stop.stop_requested() && server->turn()) {
      }
    });
  }

  std::unique_ptr<a::meeting> open(float value) {
    w.assign(size, value);
    const auto rule = std::make_shared<k::pair_average>();
    const auto [near_socket, far_socket] = a::socket_pair();
    const a::tls_context open_to_all{a::tls_files()};
    const auto near = std::make_shared<a::pending_stream>();
    const auto far = std::make_shared<a::pending_stream>();
    near->join(std::make_unique<a::stream>(near_socket, open_to_all,
                                           a::stream::side::connects));
    far->join(std::make_unique<a::stream>(far_socket, open_to_all,
                                          a::stream::side::accepts));
    server = a::serve_by_stream(
        {rule, std::make_shared<a::target>(w, 1), 0, a::held_for::stretch}, far,
        {});
    a::local_link link;
    link.rule = rule;
    link.snapshot.assign(size, 0.0F);
    link.meter = meter;
    link.discipline = p::random_neighbour{1};
    return a::meet_by_stream({std::move(link), near, {}});
  }
  std::uint64_t times_met() const { return meter->latency_ns->count(); }
};

/// A replica among neighbours.
class replica {
 public:
  explicit replica(std::size_t neighbours) : all(neighbours) {
    std::vector<std::unique_ptr<a::meeting>> with;
    for (std::size_t n = 0; n < neighbours; ++n) {
      with.push_back(all[n].open(static_cast<float>(n + 1)));
    }
    meeting_ = a::meet_at_random(std::move(with), k::random_stream(7));
  }

  /// An occasion, after a step that moves each coordinate by 1.
  void step_and_meet() {
    for (float& x : w_) {
      x += 1.0F;
    }
    own_.rest(1.0F);
    wait_for([&] { return meeting_->attend(own_, {}); });
  }
  void rest(float scale) { own_.rest(scale); }
  void deliver() {
    wait_for([&] { return meeting_->deliver(own_, {}, patience); });
  }
  /// However long ago it was asked.
  void deliver_to(std::size_t neighbour) {
    wait_for([&] {
      return meeting_->deliver(own_, {}, patience) &&
             all[neighbour].times_met() > 0;
    });
  }

  /// Of one coordinate at all ends.
  float sum() {
    REQUIRE(own_.settle());
    float all_of_it = own_.parameters()[5];
    for (const neighbour& each : all) {
      all_of_it += each.w[5];
    }
    return all_of_it;
  }

  std::vector<neighbour> all;

 private:
  template <class Done>
  void wait_for(const Done& done) {
    const auto since = std::chrono::steady_clock::now();
    while (!done()) {
      REQUIRE(std::chrono::steady_clock::now() - since <
              std::chrono::seconds(20));
      meeting_->wait();
    }
  }

  std::vector<float> w_ = std::vector<float>(size, 0.0F);
  a::local_end own_{w_, true, 1};
  std::unique_ptr<a::meeting> meeting_;
};

}  // namespace

TEST_CASE("random meeting: who does not answer holds up nobody") {
  replica one(3);
  const float before = one.sum();
  one.all[0].wake();
  one.all[1].wake();

  const auto since = std::chrono::steady_clock::now();
  int steps = 0;
  while (one.all[0].times_met() < 20 || one.all[1].times_met() < 20) {
    REQUIRE(std::chrono::steady_clock::now() - since <
            std::chrono::seconds(20));
    one.step_and_meet();
    ++steps;
  }
  CHECK(one.all[2].times_met() == 0);
  CHECK(one.all[2].w[5] == 3.0F);  // nothing has moved there

  one.all[2].wake();
  one.deliver_to(2);
  CHECK(one.all[2].times_met() == 1);
  CHECK(one.sum() == Approx(before + static_cast<float>(steps)));
}

TEST_CASE("random meeting: an answer of before a rest is not folded again") {
  replica one(1);
  one.step_and_meet();  // not answered
  const float before = one.sum();
  one.rest(0.5F);  // what a penalty has left of its own w
  const float shrunk = before - 0.5F;

  one.all[0].wake();
  one.deliver_to(0);

  CHECK(one.sum() == Approx(shrunk));
}

TEST_CASE("random meeting: a replica whose neighbours have all stopped steps") {
  constexpr int steps = 5;
  replica one(2);
  const float before = one.sum();

  for (int step = 0; step < steps; ++step) {
    one.step_and_meet();
  }
  one.deliver();  // nothing that moves is under way
  CHECK(one.sum() == Approx(before + steps));

  one.all[0].wake();
  one.all[1].wake();
  one.deliver_to(0);
  one.deliver_to(1);
  CHECK(one.all[0].times_met() == 1);
  CHECK(one.all[1].times_met() == 1);
  CHECK(one.sum() == Approx(before + steps));
}

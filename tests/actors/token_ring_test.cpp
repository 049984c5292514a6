// Tokens between processes, without actors: each member in a process of its
// own, or some together, and somebody drawn at random goes on.

#include "actors/sync/token_ring.hpp"

#include <algorithm>
#include <map>
#include <vector>

#include <catch2/catch.hpp>

#include "kernels/data/random.hpp"
#include "tests/support/couriers.hpp"

namespace {

namespace a = sounder::actors;
namespace k = sounder::kernels;
namespace t = sounder::tests;

/// A ring over processes, with a courier between each two.
class spread_ring {
 public:
  explicit spread_ring(std::vector<std::size_t> processes)
      : process_(std::move(processes)) {
    const std::size_t count =
        *std::max_element(process_.begin(), process_.end()) + 1;
    for (std::size_t i = 0; i < count; ++i) {
      for (std::size_t j = i + 1; j < count; ++j) {
        between_.emplace(std::pair(i, j), 1);
      }
    }
    for (std::size_t i = 0; i < count; ++i) {
      std::vector<char> is_here;
      for (const std::size_t at : process_) {
        is_here.push_back(at == i ? 1 : 0);
      }
      rings_.push_back(std::make_shared<a::token_ring>(
          is_here, a::token_ring::ways{
                       [this, i](std::size_t to) {
                         end(i, process_[to]).say(number(to), a::errand::push);
                       },
                       [this, i](std::size_t to, std::uint64_t times) {
                         ++calls;
                         end(i, process_[before(to)])
                             .say(number(to), a::errand::pull, times);
                       }}));
    }
    for (std::size_t to = 0; to < process_.size(); ++to) {
      const std::size_t here = process_[to];
      const std::size_t there = process_[before(to)];
      if (here != there) {
        end(here, there).bring(number(to), a::errand::push, rings_[here], to);
        end(there, here).bring(number(to), a::errand::pull, rings_[there], to);
      }
    }
  }

  std::size_t members() const { return process_.size(); }
  a::token_ring& of(std::size_t member) { return *rings_[process_[member]]; }
  bool is_at(std::size_t member) { return of(member).is_at(member); }
  void enter(std::size_t member) { of(member).enter(member); }
  void resign(std::size_t member) { of(member).resign(member); }
  void call(std::size_t member) { of(member).call(member); }

  std::size_t holders() {
    std::size_t found = 0;
    for (std::size_t i = 0; i < members(); ++i) {
      found += is_at(i) ? 1 : 0;
    }
    return found;
  }
  std::uint64_t passes() const {
    std::uint64_t sum = 0;
    for (const auto& each : rings_) {
      sum += each->passes();
    }
    return sum;
  }

  /// One courier of one process.
  void go_on(std::uint32_t drawn) {
    auto at = between_.begin();
    std::advance(at, (drawn / 2) % between_.size());
    a::courier& who = drawn % 2 == 0 ? at->second.near() : at->second.far();
    static_cast<void>(who.go_on());
  }
  void go_on_to_the_end() {
    for (bool moved = true; moved;) {
      moved = false;
      for (auto& [ends, by] : between_) {
        moved = by.go_on() || moved;
      }
    }
  }

  std::size_t calls = 0;  // that went to other processes

 private:
  std::size_t before(std::size_t member) const {
    return (member + members() - 1) % members();
  }
  static a::channel_number number(std::size_t to) {
    return static_cast<a::channel_number>(to);
  }
  a::courier& end(std::size_t here, std::size_t there) {
    t::two_couriers& by =
        between_.at({std::min(here, there), std::max(here, there)});
    return here < there ? by.near() : by.far();
  }

  std::vector<std::size_t> process_;  // of each member
  std::map<std::pair<std::size_t, std::size_t>, t::two_couriers> between_;
  std::vector<std::shared_ptr<a::token_ring>> rings_;
};

const std::vector<std::vector<std::size_t>> spreads = {
    {0, 1}, {0, 1, 2, 3}, {0, 0, 1, 1}, {0, 1, 0, 1}, {0, 0, 1, 0, 2, 2, 1}};

}  // namespace

TEST_CASE("tokens: there is one, and it comes to all in turn") {
  for (const auto& processes : spreads) {
    for (std::uint64_t seed = 0; seed < 100; ++seed) {
      INFO("order " << seed);
      k::random_stream random(seed);
      spread_ring ring(processes);
      const std::size_t members = ring.members();
      for (std::size_t i = 0; i < members; ++i) {
        ring.enter(i);
      }
      std::vector<int> visits(members, 0);

      for (int tries = 0; *std::min_element(visits.begin(), visits.end()) < 5;
           ++tries) {
        REQUIRE(tries < 20'000);  // the token is lost otherwise
        REQUIRE(ring.holders() <= 1);
        const auto member = random.below(static_cast<std::uint32_t>(members));
        if (random.below(3) == 0 && ring.is_at(member)) {
          ++visits[member];
          ring.of(member).pass_on();
        } else {
          ring.go_on(random.below(1000));
        }
      }

      // Nobody is a visit ahead of who comes after him.
      const auto [least, most] =
          std::minmax_element(visits.begin(), visits.end());
      REQUIRE(*most - *least <= 1);
      REQUIRE(ring.calls == 0);
    }
  }
}

TEST_CASE(
    "tokens: who calls gets it, wherever it rests and whoever else does") {
  for (const auto& processes : spreads) {
    for (std::uint64_t seed = 0; seed < 200; ++seed) {
      INFO("order " << seed);
      k::random_stream random(seed);
      spread_ring ring(processes);
      const auto members = static_cast<std::uint32_t>(ring.members());
      std::vector<char> walks(members, 0);

      // Some walk and some rest, some call and some pass it on.
      for (int n = 0; n < 300; ++n) {
        const std::size_t member = random.below(members);
        switch (random.below(6)) {
          case 0:
            walks[member] = 1;
            ring.enter(member);
            break;
          case 1:
            walks[member] = 0;
            ring.resign(member);
            break;
          case 2:
            if (walks[member] != 0 && ring.is_at(member)) {
              ring.of(member).pass_on();
            }
            break;
          case 3:
            if (walks[member] != 0 && !ring.is_at(member)) {
              ring.call(member);
            }
            break;
          default:
            ring.go_on(random.below(1000));
        }
        REQUIRE(ring.holders() <= 1);
      }
      for (std::size_t i = 0; i < members; ++i) {
        ring.resign(i);
      }
      ring.go_on_to_the_end();
      REQUIRE(ring.holders() == 1);

      for (std::size_t caller = 0; caller < members; ++caller) {
        ring.enter(caller);
        if (!ring.is_at(caller)) {
          ring.call(caller);
          ring.go_on_to_the_end();
        }
        REQUIRE(ring.is_at(caller));
        // Nobody calls any more, so that it stays.
        const std::uint64_t passes = ring.passes();
        ring.resign(caller);
        ring.go_on_to_the_end();
        REQUIRE(ring.is_at(caller));
        REQUIRE(ring.passes() == passes);
      }
    }
  }
}

TEST_CASE("tokens: a caller says so once, until it has come") {
  spread_ring ring({0, 1, 2});
  ring.enter(0);
  ring.enter(2);

  ring.call(2);  // from who walks: it will pass it on
  ring.call(2);
  ring.go_on_to_the_end();
  CHECK(ring.is_at(0));
  CHECK(ring.calls == 2);  // to the process of 1, and on to that of 0
  ring.resign(0);
  ring.go_on_to_the_end();

  CHECK(ring.is_at(2));
  ring.resign(2);
  CHECK(ring.is_at(2));
  ring.call(0);
  ring.go_on_to_the_end();
  CHECK(ring.is_at(0));
  CHECK(ring.calls == 3);
}

TEST_CASE("tokens: a call that the token has crossed moves nothing") {
  spread_ring ring({0, 1});
  ring.enter(1);
  ring.call(1);          // on its way
  ring.of(0).pass_on();  // so is the token
  ring.go_on_to_the_end();
  REQUIRE(ring.is_at(1));

  ring.of(1).pass_on();
  ring.go_on_to_the_end();

  CHECK(ring.is_at(0));  // rests, and nobody has called since
}

#include "actors/replica/write_order.hpp"

#include <algorithm>
#include <thread>

#include <catch2/catch.hpp>

namespace a = sounder::actors;

TEST_CASE("coordinate locks: features are sorted and taken once") {
  a::coordinate_locks locks(10);
  std::vector<std::uint32_t> features = {7, 3, 7, 0, 3};

  locks.lock(features);
  REQUIRE(features == std::vector<std::uint32_t>{0, 3, 7});
  locks.unlock(features);

  locks.lock(features);  // free again, or this would wait for ever
  locks.unlock(features);
}

TEST_CASE("coordinate locks: disjoint features do not wait for each other") {
  a::coordinate_locks locks(10);
  std::vector<std::uint32_t> odd = {1, 3, 5};
  std::vector<std::uint32_t> even = {0, 2, 4};
  std::vector<std::uint32_t> none;

  locks.lock(odd);
  locks.lock(even);
  locks.lock(none);
  locks.unlock(none);
  locks.unlock(even);
  locks.unlock(odd);
}

TEST_CASE("coordinate locks: overlapping features exclude each other",
          "[stress]") {
  // Plain counters: a lock that lets two in loses counts (and tsan says so).
  // Every thread names its features in another order, so a lock without an
  // order of its own would deadlock.
  constexpr int rounds = 3000;
  a::coordinate_locks locks(4);
  std::vector<long> counts(4);
  const std::vector<std::vector<std::uint32_t>> wishes = {
      {0, 1, 2}, {2, 1}, {3, 0}, {1, 3, 2, 0}};
  {
    std::vector<std::jthread> threads;
    for (const auto& wish : wishes) {
      threads.emplace_back([&] {
        for (int round = 0; round < rounds; ++round) {
          auto features = wish;
          locks.lock(features);
          for (const std::uint32_t u : features) {
            counts[u] += 1;
          }
          locks.unlock(features);
        }
      });
    }
  }

  REQUIRE(counts ==
          std::vector<long>{3 * rounds, 3 * rounds, 3 * rounds, 2 * rounds});
}

TEST_CASE("turns: are passed one by one") {
  a::turns turns;

  REQUIRE(turns.is_at(0));
  REQUIRE_FALSE(turns.is_at(1));
  turns.pass();
  REQUIRE(turns.is_at(1));
  REQUIRE(turns.written() == 1);
}

TEST_CASE("turns: order the writes of threads", "[stress]") {
  constexpr std::size_t batches = 3000;
  a::turns turns;
  std::vector<std::size_t> written;  // guarded by the turns alone
  {
    std::vector<std::jthread> threads;
    for (std::size_t n = 0; n < 3; ++n) {
      threads.emplace_back([&, n] {
        for (std::size_t b = n; b < batches; b += 3) {
          static_cast<void>(turns.wait_for(b));
          written.push_back(b);
          turns.pass();
        }
      });
    }
  }

  REQUIRE(written.size() == batches);
  REQUIRE(std::is_sorted(written.begin(), written.end()));
}

TEST_CASE("turns: closing wakes who waits") {
  a::turns turns;
  bool came = true;
  {
    std::jthread waiting([&] { came = turns.wait_for(1); });
    std::this_thread::sleep_for(std::chrono::milliseconds(20));
    turns.close();
  }

  REQUIRE_FALSE(came);
}

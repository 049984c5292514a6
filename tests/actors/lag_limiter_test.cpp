#include "actors/sync/lag_limiter.hpp"

#include <catch2/catch.hpp>

namespace a = sounder::actors;

TEST_CASE("lag_limiter: who is ahead waits for who walks behind") {
  a::lag_limiter all(3);

  // Nobody is on the way.
  CHECK_FALSE(all.behind(100, 8));

  all.walk(0, 20);
  all.walk(1, 12);
  CHECK_FALSE(all.behind(20, 8));
  CHECK(all.behind(21, 8) == 1U);

  all.walk(1, 13);
  CHECK_FALSE(all.behind(21, 8));
}

TEST_CASE("lag_limiter: nobody waits for one that waits for others") {
  a::lag_limiter all(2);
  all.walk(0, 20);
  all.walk(1, 0);
  CHECK(all.behind(20, 8) == 1U);

  all.pause(1);
  CHECK_FALSE(all.behind(20, 8));

  all.walk(1, 1);
  CHECK(all.behind(20, 8) == 1U);
}

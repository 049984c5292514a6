#include "kernels/network/memory_plan.hpp"

#include <algorithm>
#include <vector>

#include <catch2/catch.hpp>

#include "kernels/data/random.hpp"

namespace k = sounder::kernels;

namespace {

using uses = std::vector<k::memory_use>;

bool meet(const k::memory_use& a, const k::memory_use& b) {
  return a.first <= b.last && b.first <= a.last;
}

/// The most that is needed at one step: no plan can do with less.
std::size_t peak(const uses& all) {
  std::size_t most = 0;
  for (const k::memory_use& at : all) {
    std::size_t sum = 0;
    for (const k::memory_use& other : all) {
      sum += other.first <= at.first && at.first <= other.last ? other.size : 0;
    }
    most = std::max(most, sum);
  }
  return most;
}

uses random_uses(k::random_stream& random) {
  const std::uint32_t steps = 1 + random.below(20);
  uses all(random.below(30));
  for (k::memory_use& use : all) {
    use.size = random.below(4) == 0 ? 0 : random.below(500);
    use.first = random.below(steps);
    use.last = use.first + random.below(steps);
  }
  return all;
}

}  // namespace

TEST_CASE("memory plan: what is needed at once does not overlap") {
  k::random_stream random(5);
  for (int round = 0; round < 500; ++round) {
    CAPTURE(round);
    uses all = random_uses(random);
    const uses wanted = all;

    const std::size_t total = k::place(all);

    for (std::size_t i = 0; i < all.size(); ++i) {
      REQUIRE(all[i].size >= wanted[i].size);
      REQUIRE(all[i].offset % 16 == 0);
      REQUIRE(all[i].offset + all[i].size <= total);
      for (std::size_t j = 0; j < i; ++j) {
        const bool overlap = all[i].offset < all[j].offset + all[j].size &&
                             all[j].offset < all[i].offset + all[i].size;
        REQUIRE(!(overlap && meet(all[i], all[j])));
      }
    }
  }
}

TEST_CASE("memory plan: takes no more than all side by side") {
  k::random_stream random(6);
  for (int round = 0; round < 500; ++round) {
    uses all = random_uses(random);

    const std::size_t total = k::place(all);

    std::size_t sum = 0;
    for (const k::memory_use& use : all) {
      sum += use.size;
    }
    CHECK(total >= peak(all));
    CHECK(total <= sum);
  }
}

TEST_CASE("memory plan: a chain of equal layers takes two of them") {
  uses chain;
  for (std::size_t step = 0; step < 9; ++step) {
    chain.push_back({160, step, step + 1, 0});
  }

  CHECK(k::place(chain) == 320);
}

TEST_CASE("memory plan: a narrowing or widening chain takes its widest pair") {
  for (const bool narrows : {true, false}) {
    CAPTURE(narrows);
    uses chain;
    for (std::size_t step = 0; step < 9; ++step) {
      chain.push_back({16 * (narrows ? 10 - step : step + 1), step, step + 1});
    }

    CHECK(k::place(chain) == peak(chain));
  }
}

TEST_CASE("memory plan: values kept for the way back take their sum") {
  constexpr std::size_t layers = 8;
  uses nested;
  for (std::size_t step = 0; step < layers; ++step) {
    nested.push_back({16 * (step % 3 + 1), step, 2 * layers - step});
  }

  CHECK(k::place(nested) == peak(nested));
}

TEST_CASE("memory plan: nothing takes nothing") {
  uses none;
  uses empty = {{0, 0, 3}, {0, 1, 2}};

  CHECK(k::place(none) == 0);
  CHECK(k::place(empty) == 0);
}

#include "kernels/data/parallel.hpp"

#include <algorithm>
#include <atomic>
#include <stdexcept>
#include <vector>

#include <catch2/catch.hpp>

namespace k = sounder::kernels;

TEST_CASE("run_tasks: every task runs once, on one of the workers") {
  const unsigned threads = GENERATE(1U, 2U, 5U);
  std::vector<std::atomic<int>> runs(1'000);
  std::vector<std::atomic<int>> busy(threads);

  k::run_tasks(runs.size(), threads, [&](std::size_t i, unsigned worker) {
    busy.at(worker)++;
    runs[i]++;
  });

  int sum = 0;
  for (const auto& tasks : busy) {
    sum += tasks;
  }
  REQUIRE(sum == 1'000);
  REQUIRE(std::all_of(runs.begin(), runs.end(),
                      [](const auto& n) { return n == 1; }));
}

TEST_CASE("run_tasks: the first failure is the caller's, after all stopped") {
  std::atomic<int> running = 0;

  const auto fail = [&](std::size_t i, unsigned) {
    ++running;
    if (i == 10) {
      --running;
      throw std::runtime_error("task 10");
    }
    --running;
  };

  REQUIRE_THROWS_WITH(k::run_tasks(1'000, 3, fail), "task 10");
  REQUIRE(running == 0);
}

TEST_CASE("run_tasks: nothing to do is done at once") {
  REQUIRE_NOTHROW(k::run_tasks(0, 0, [](std::size_t, unsigned) {
    throw std::logic_error("no such task");
  }));
  REQUIRE(k::thread_count(0) >= 1);
  REQUIRE(k::thread_count(7) == 7);
}

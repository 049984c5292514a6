#include "actors/plan/dealing.hpp"

#include <algorithm>
#include <map>
#include <random>
#include <string_view>
#include <vector>

#include <catch2/catch.hpp>

namespace a = sounder::actors;

namespace {

/// Each at a place of its own, with all samples.
std::vector<a::walker> walkers(const std::vector<double>& speeds) {
  static constexpr std::string_view places = "abcdefgh";
  std::vector<a::walker> all;
  for (std::size_t k = 0; k < speeds.size(); ++k) {
    all.push_back({static_cast<std::uint32_t>(10 + k), places.substr(k, 1),
                   speeds[k], 0.0, true, true});
  }
  return all;
}

std::uint64_t phases_in(const std::vector<a::phase_range>& hand) {
  std::uint64_t sum = 0;
  for (const a::phase_range& part : hand) {
    sum += part.last - part.first;
  }
  return sum;
}

}  // namespace

TEST_CASE("dealing: at equal speeds everybody walks his own way") {
  for (const double speed : {0.0, 7.5}) {
    const auto dealt = a::deal(walkers({speed, speed, speed}), 40, 56);

    REQUIRE(dealt.size() == 3);
    for (std::size_t k = 0; k < 3; ++k) {
      REQUIRE(dealt[k].size() == 1);
      CHECK(dealt[k][0].way == 10 + k);
      CHECK(dealt[k][0].first == 40);
      CHECK(dealt[k][0].last == 56);
    }
  }
}

TEST_CASE("dealing: shares follow speed, to a part") {
  const auto dealt = a::deal(walkers({3.0, 1.0}), 0, 128);

  // Of 2 x 128 phases, dealt by two.
  CHECK(phases_in(dealt[0]) >= 192 - 4);
  CHECK(phases_in(dealt[0]) <= 192 + 4);
  CHECK(phases_in(dealt[0]) + phases_in(dealt[1]) == 256);
}

TEST_CASE("dealing: who is not known yet is as fast as the others") {
  const auto dealt = a::deal(walkers({5.0, 0.0}), 0, 32);

  CHECK(phases_in(dealt[0]) == 32);
  CHECK(phases_in(dealt[1]) == 32);
}

TEST_CASE("dealing: one who stood still begins his own way all the same") {
  const auto dealt = a::deal(walkers({1.0, 1e-9}), 16, 32);

  REQUIRE(dealt[1].size() == 1);
  CHECK(dealt[1][0].way == 11);
  CHECK(dealt[1][0].first == 16);
  CHECK(dealt[1][0].last == 17);
  CHECK(phases_in(dealt[0]) == 31);
}

TEST_CASE("dealing: one who need not begin his own way may get nothing") {
  auto all = walkers({1.0, 1e-9});
  all[1].takes_first = false;

  const auto dealt = a::deal(all, 16, 32);

  CHECK(dealt[1].empty());
  CHECK(phases_in(dealt[0]) == 32);
}

TEST_CASE("dealing: only who has the samples walks them") {
  auto all = walkers({4.0, 1.0, 1.0});
  SECTION("others' are not there") { all[0].knows_all = false; }
  SECTION("they are a node's own") {
    all[1].is_common = all[2].is_common = false;
  }

  const auto dealt = a::deal(all, 0, 64);

  REQUIRE(dealt[0].size() == 1);
  CHECK(dealt[0][0].way == 10);
  for (const std::size_t k : {1U, 2U}) {
    for (const a::phase_range& part : dealt[k]) {
      CHECK((part.way != 10 || all[0].is_common));
    }
  }
}

TEST_CASE("dealing: at one place all know the ways of the others") {
  auto all = walkers({4.0, 1.0, 1.0});
  for (a::walker& each : all) {
    each.knows_all = each.is_common = false;
  }
  all[1].place = all[0].place;

  const auto dealt = a::deal(all, 0, 64);

  CHECK(phases_in(dealt[0]) > 64 + 32);
  CHECK(phases_in(dealt[0]) + phases_in(dealt[1]) == 128);
  CHECK(phases_in(dealt[2]) == 64);
}

TEST_CASE("dealing: who is still at the last one gets less of this") {
  auto all = walkers({1.0, 1.0});
  all[1].busy_s = 32.0;

  const auto dealt = a::deal(all, 0, 64);

  // Done at the same time: 32 + 48 = 80.
  CHECK(phases_in(dealt[0]) >= 79);
  CHECK(phases_in(dealt[0]) <= 81);
}

TEST_CASE("dealing: every phase once, side by side, all done together") {
  std::mt19937 random(1);
  std::uniform_real_distribution<double> any_speed(0.1, 2.0);
  std::uniform_int_distribution<std::uint64_t> any_count(1, 500);
  for (int run = 0; run < 200; ++run) {
    std::vector<double> speeds(2 + static_cast<std::size_t>(run % 5));
    std::generate(speeds.begin(), speeds.end(),
                  [&] { return any_speed(random); });
    const std::uint64_t first = any_count(random);
    const std::uint64_t count = any_count(random);
    const auto all = walkers(speeds);

    const auto dealt = a::deal(all, first, first + count);

    std::map<std::uint32_t, std::map<std::uint64_t, int>> times;
    double earliest = 1e300;
    double latest = 0.0;
    for (std::size_t k = 0; k < all.size(); ++k) {
      std::map<std::uint32_t, std::uint64_t> next;
      for (const a::phase_range& part : dealt[k]) {
        CHECK(part.first >= next[part.way]);  // in the order of the way
        next[part.way] = part.last;
        for (std::uint64_t phase = part.first; phase < part.last; ++phase) {
          ++times[part.way][phase];
        }
      }
      const double done = static_cast<double>(phases_in(dealt[k])) / speeds[k];
      earliest = std::min(earliest, done);
      latest = std::max(latest, done);
    }
    REQUIRE(times.size() == all.size());
    for (const auto& [way, phases] : times) {
      REQUIRE(phases.size() == count);
      REQUIRE(phases.begin()->first == first);
      REQUIRE(phases.rbegin()->first == first + count - 1);
      REQUIRE(std::all_of(phases.begin(), phases.end(),
                          [](const auto& each) { return each.second == 1; }));
    }
    // Nobody is done more than two parts of the slowest before another.
    const double part = static_cast<double>((count + 63) / 64);
    const double slowest = *std::min_element(speeds.begin(), speeds.end());
    CHECK(latest - earliest <= 2.0 * part / slowest + 1e-9);
  }
}

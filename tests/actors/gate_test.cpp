// Gates by every order in which ranks can come.

#include "actors/sync/gate/gate.hpp"

#include <algorithm>
#include <numeric>
#include <utility>
#include <vector>

#include <catch2/catch.hpp>

#include "tests/support/alternatives.hpp"
#include "tests/support/gate_orders.hpp"

namespace a = sounder::actors;
namespace p = sounder::topology;
namespace t = sounder::tests;

namespace {

using orders = t::gate_orders;
using seen = orders::seen;

/// Ranks and meetings of which all orders are tried.
using size = std::pair<std::size_t, std::size_t>;
const std::vector<size> sizes = {{2, 4}, {3, 2}, {4, 2}};

constexpr auto nothing = [](const seen&, std::size_t, a::errand) {};

std::size_t least(const std::vector<std::size_t>& done) {
  return *std::min_element(done.begin(), done.end());
}

}  // namespace

TEST_CASE("gate: of no discipline anybody waits for ever") {
  const auto [ranks, meetings] = GENERATE(from_range(sizes));
  for (const p::discipline& when : t::all_of<p::discipline>()) {
    for (const bool moves_both : {false, true}) {
      INFO(p::describe(when) << ", " << ranks << " ranks");

      // Resting, too, as at evaluations.
      CHECK(orders(when, ranks, meetings, moves_both)
                .resting_every(moves_both ? 1 : 0)
                .try_all(nothing) > 0);
    }
  }
}

TEST_CASE("gate: there is one where somebody is waited for") {
  for (const p::discipline& when : t::all_of<p::discipline>()) {
    INFO(p::describe(when));
    const p::awaits whom = p::traits_of(when).awaits;

    CHECK((a::gate_for(when, {0, 1}) != nullptr) ==
          (whom == p::awaits::callers || whom == p::awaits::joined));
  }
}

TEST_CASE("gate: all at once is for those that say so") {
  for (const p::discipline& when : t::all_of<p::discipline>()) {
    INFO(p::describe(when));

    orders(when, 2, 4).try_all([&](const seen&, std::size_t, a::errand what) {
      CHECK((what == a::errand::sync) == p::is_synchronous(when));
    });
  }
}

TEST_CASE("gate: orders that come to the same go on alike") {
  const auto [ranks, meetings] = GENERATE(size{2, 2}, size{3, 1});
  for (const p::discipline& when : t::all_of<p::discipline>()) {
    INFO(p::describe(when));
    const auto count = [&, r = ranks, m = meetings](orders::merging how) {
      return orders(when, r, m, false, how).try_all(nothing);
    };

    CHECK(count(orders::merging::where_equal) == count(orders::merging::none));
  }
}

TEST_CASE("gate: turns go round by rank, and there is one order only") {
  const std::size_t ranks = GENERATE(2U, 3U, 4U);
  std::size_t step = 0;

  const std::size_t complete =
      orders(p::in_turn{}, ranks, 2)
          .try_all([&](const seen&, std::size_t rank, a::errand what) {
            CHECK(rank == step++ % ranks);
            CHECK(what == a::errand::trade);
          });

  CHECK(complete == 1);
  CHECK(step == 2 * ranks);
}

TEST_CASE("gate: at a barrier nobody goes on before all have come") {
  const auto [ranks, meetings] = GENERATE(from_range(sizes));
  const p::discipline when =
      GENERATE(p::discipline(p::barrier{}), p::discipline(p::bounded{{}, 0}));

  const std::size_t complete =
      orders(when, ranks, meetings)
          .try_all([&](const seen& so_far, std::size_t rank, a::errand what) {
            CHECK(what == a::errand::sync);
            for (std::size_t k = 0; k < so_far.done.size(); ++k) {
              const std::size_t came = so_far.done[k] + so_far.waits[k];
              CHECK(came > so_far.done[rank]);
            }
          });

  CHECK(complete > 1);
}

TEST_CASE("gate: nobody is further ahead of the slowest than the bound") {
  const auto [ranks, meetings] = GENERATE(from_range(sizes));
  const std::size_t staleness = GENERATE(1U, 2U);
  std::size_t furthest = 0;

  const std::size_t complete =
      orders(p::bounded{{}, staleness}, ranks, meetings)
          .try_all([&](const seen& so_far, std::size_t rank, a::errand what) {
            if (what == a::errand::pull) {
              // Its own push counts already, and so may others'.
              const std::size_t ahead =
                  so_far.done[rank] + 1 - least(so_far.done);
              furthest = std::max(furthest, ahead);
              CHECK(ahead <= staleness + 1);
            }
          });

  CHECK(complete > 1);
  CHECK(furthest == std::min(staleness + 1, meetings));  // it is no barrier
}

TEST_CASE("gate: nor who trades within the bound") {
  const auto [ranks, meetings] = GENERATE(from_range(sizes));
  const std::size_t staleness = GENERATE(1U, 2U);
  std::size_t furthest = 0;

  const std::size_t complete =
      orders(p::bounded{{}, staleness}, ranks, meetings, true)
          .try_all([&](const seen& so_far, std::size_t rank, a::errand what) {
            CHECK(what == a::errand::trade);
            const std::size_t ahead =
                so_far.done[rank] + 1 - least(so_far.done);
            furthest = std::max(furthest, ahead);
            CHECK(ahead <= staleness);
          });

  CHECK(complete > 1);
  CHECK(furthest == std::min(staleness, meetings));
}

TEST_CASE("gate: a quorum is served when enough have come and waited") {
  // With the clock among those who may step there are more orders.
  const std::size_t grace = GENERATE(0U, 20U);
  const auto [ranks, meetings] =
      GENERATE_COPY(size{2, 3}, size{3, 2}, size{4, grace > 0 ? 1 : 2});
  const std::size_t least = GENERATE(1U, 2U, 3U, 4U);
  bool is_safe = true;
  std::size_t smallest = ranks;
  std::size_t largest = 0;

  const std::size_t complete =
      orders(p::quorum{{}, least, grace}, ranks, meetings)
          .try_all([&, all = ranks](const seen& so_far, std::size_t rank,
                                    a::errand what) {
            const orders::round& round = so_far.last[rank];
            smallest = std::min(smallest, round.size);
            largest = std::max(largest, round.size);
            // All who are left, or enough of them, for long enough.
            const bool is_enough =
                round.size >= least && round.now - round.came[least - 1] >=
                                           std::chrono::milliseconds(grace);
            is_safe = is_safe && what == a::errand::sync &&
                      (is_enough || round.size + round.at_rest == all);
          });

  CHECK(is_safe);
  CHECK(complete > 1);
  // With a grace all can come to one round; without, no more than `least`,
  // for in these orders nobody comes while a round is served.
  CHECK(largest == (grace > 0 ? ranks : std::min(least, ranks)));
  CHECK((smallest < ranks) == (least < ranks));
}

TEST_CASE("gate: who is late joins the next round of a quorum") {
  const auto gate = a::gate_for(p::quorum{{}, 2, 0}, {0, 1, 2});
  const a::moment now;
  gate->come(0, now);
  gate->come(1, now);
  REQUIRE(gate->begin_round() == a::gate_ranks{0, 1});

  gate->come(2, now);  // while the round is served

  CHECK_FALSE(gate->is_round_due(now));
  gate->round_served();
  CHECK_FALSE(gate->is_round_due(now));
  CHECK_FALSE(gate->admits(2, a::errand::sync));
  gate->come(1, now);
  REQUIRE(gate->is_round_due(now));
  CHECK(gate->begin_round() == a::gate_ranks{1, 2});
}

TEST_CASE("gate: without a number a quorum is more than half") {
  for (std::size_t ranks = 1; ranks <= 5; ++ranks) {
    a::gate_ranks all(ranks);
    std::iota(all.begin(), all.end(), std::size_t{0});
    const auto gate = a::gate_for(p::quorum{}, all);
    std::size_t came = 0;
    while (!gate->is_round_due({})) {
      gate->come(came++, {});
    }
    CHECK(came == ranks / 2 + 1);
  }
}

TEST_CASE("gate: who pushes and fetches does so by its steps") {
  const auto errands_at = [](std::size_t steps, bool moves_both = false) {
    std::vector<a::errand> all;
    for (a::errand_list due =
             a::errands_for(p::push_fetch{2, 3}, steps, moves_both);
         !due.is_empty(); due.pop()) {
      all.push_back(due.front());
    }
    return all;
  };

  CHECK(errands_at(1).empty());
  CHECK(errands_at(2) == std::vector{a::errand::push});
  CHECK(errands_at(3) == std::vector{a::errand::pull});
  CHECK(errands_at(6) == std::vector{a::errand::push, a::errand::pull});
  CHECK(errands_at(3, true).empty());
  CHECK(errands_at(6, true) == std::vector{a::errand::trade});
}

// Gates by every order in which ranks can come.

#include "actors/sync/gate/gate.hpp"

#include <algorithm>
#include <memory>
#include <numeric>
#include <utility>
#include <vector>

#include <catch2/catch.hpp>

namespace a = sounder::actors;
namespace p = sounder::topology;

namespace {

/// Replicas that meet `meetings` times each. A rank's place within its errands
/// is all that it knows; the gate is made anew for each order and hears of it.
class orders {
 public:
  orders(p::discipline when, std::size_t ranks, std::size_t meetings,
         bool moves_both = false)
      : when_(when),
        ranks_(ranks),
        meetings_(meetings),
        moves_both_(moves_both) {}

  /// A round of a sync, when it began.
  struct round {
    std::size_t size = 0;
    std::size_t at_rest = 0;      // ranks that had held all meetings
    std::vector<a::moment> came;  // its ranks, in ascending order
    a::moment now;
  };

  struct seen {
    std::vector<std::size_t> done;  // meetings, by rank
    std::vector<bool> waits;        // has come to a sync, by rank
    std::vector<a::moment> came;    // at which time, by rank
    std::vector<round> last;        // that it was served in, by rank
    std::size_t rounds = 0;
  };

  /// Calls check(gate, seen, rank, errand) before each step that the gate
  /// admits, of every order; counts those that end with all meetings held.
  template <class Check>
  std::size_t try_all(const Check& check) {
    std::size_t complete = 0;
    std::vector<std::vector<std::size_t>> open = {{}};
    while (!open.empty()) {
      const std::vector<std::size_t> order = std::move(open.back());
      open.pop_back();
      bool stuck = true;
      for (std::size_t next = 0; next <= ranks_; ++next) {
        if (replay(order, next, check)) {
          stuck = false;
          open.push_back(order);
          open.back().push_back(next);
        }
      }
      if (stuck) {
        REQUIRE(is_over(order));  // else a deadlock
        ++complete;
      }
    }
    return complete;
  }

 private:
  struct state {
    std::unique_ptr<a::gate> gate;
    std::vector<a::errand_list> errands;
    seen so_far;
    a::moment now;
  };

  state start() const {
    std::vector<std::size_t> all(ranks_);
    for (std::size_t k = 0; k < ranks_; ++k) {
      all[k] = k;
    }
    state s;
    s.gate = a::gate_for(when_, all);
    s.errands.resize(ranks_);
    s.so_far.done.resize(ranks_);
    s.so_far.waits.resize(ranks_);
    s.so_far.came.resize(ranks_);
    s.so_far.last.resize(ranks_);
    for (std::size_t k = 0; k < ranks_; ++k) {
      s.errands[k] = a::errands_for(when_, 1, moves_both_);
    }
    return s;
  }

  /// Whoever waits looks whether a round is due.
  void serve_round(state& s) const {
    if (!s.gate->is_round_due(s.now)) {
      return;
    }
    seen& all = s.so_far;
    ++all.rounds;
    round begun;
    begun.now = s.now;
    begun.at_rest = static_cast<std::size_t>(
        std::count(all.done.begin(), all.done.end(), meetings_));
    const a::gate_ranks ranks = s.gate->begin_round();
    begun.size = ranks.size();
    std::vector<a::moment> came;
    for (const std::size_t rank : ranks) {
      if (!all.waits[rank]) {
        FAIL("a rank is served that has not come");
      }
      came.push_back(all.came[rank]);
    }
    std::sort(came.begin(), came.end());
    for (const std::size_t rank : ranks) {
      all.last[rank] = begun;
      all.last[rank].came = came;
    }
    s.gate->round_served();
  }

  /// Time passes until a round is due, where it will be.
  bool tick(state& s) const {
    const auto due = s.gate ? s.gate->round_due() : std::nullopt;
    if (!due || *due <= s.now) {
      return false;
    }
    s.now = *due;
    serve_round(s);
    return true;
  }

  /// One step of a rank, or of the clock; false where there is none now.
  template <class Check>
  bool step(state& s, std::size_t rank, const Check& check) const {
    if (rank == ranks_) {
      return tick(s);
    }
    if (s.so_far.done[rank] == meetings_) {
      return false;
    }
    const a::errand what = s.errands[rank].front();
    if (what == a::errand::sync && !s.so_far.waits[rank]) {
      s.so_far.waits[rank] = true;
      s.so_far.came[rank] = s.now;
      s.gate->come(rank, s.now);
      serve_round(s);
      return true;
    }
    if (s.gate && !s.gate->admits(rank, what)) {
      return false;
    }
    check(s.so_far, rank, what);
    if (s.gate) {
      s.gate->served(rank, what);
    }
    s.so_far.waits[rank] = false;
    s.errands[rank].pop();
    if (s.errands[rank].is_empty()) {
      s.errands[rank] =
          a::errands_for(when_, 1 + ++s.so_far.done[rank], moves_both_);
    }
    if (s.gate && s.so_far.done[rank] == meetings_) {
      s.gate->rests(rank);
      serve_round(s);
    }
    return true;
  }

  template <class Check>
  bool replay(const std::vector<std::size_t>& order, std::size_t next,
              const Check& check) const {
    const auto nothing = [](const seen&, std::size_t, a::errand) {};
    state s = start();
    for (const std::size_t rank : order) {
      step(s, rank, nothing);
    }
    return step(s, next, check);
  }

  bool is_over(const std::vector<std::size_t>& order) const {
    const auto nothing = [](const seen&, std::size_t, a::errand) {};
    state s = start();
    for (const std::size_t rank : order) {
      step(s, rank, nothing);
    }
    return std::all_of(s.so_far.done.begin(), s.so_far.done.end(),
                       [&](std::size_t n) { return n == meetings_; });
  }

  p::discipline when_;
  std::size_t ranks_;
  std::size_t meetings_;
  bool moves_both_;
};

using seen = orders::seen;

/// Ranks and meetings of which all orders can be tried.
const std::vector<std::pair<std::size_t, std::size_t>> sizes = {
    {2, 3}, {3, 2}, {4, 1}};

std::size_t least(const std::vector<std::size_t>& done) {
  return *std::min_element(done.begin(), done.end());
}

}  // namespace

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
            CHECK(so_far.rounds == so_far.done[rank] + 1);
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
  using size = std::pair<std::size_t, std::size_t>;
  const auto [ranks, meetings] =
      GENERATE(size{2, 2}, size{2, 3}, size{3, 1}, size{4, 1});
  const std::size_t least = GENERATE(1U, 2U, 3U);
  const std::size_t grace = GENERATE(0U, 20U);
  std::size_t smallest = ranks;
  std::size_t largest = 0;

  const std::size_t complete =
      orders(p::quorum{{}, least, grace}, ranks, meetings)
          .try_all([&](const seen& so_far, std::size_t rank, a::errand what) {
            REQUIRE(what == a::errand::sync);
            const orders::round& round = so_far.last[rank];
            smallest = std::min(smallest, round.size);
            largest = std::max(largest, round.size);
            // All who are left, or enough of them, for long enough.
            if (round.size + round.at_rest < ranks) {
              REQUIRE(round.size >= least);
              REQUIRE(round.now - round.came[least - 1] >=
                      std::chrono::milliseconds(grace));
            }
          });

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

TEST_CASE("gate: the others are open, whatever the order") {
  const p::discipline when = GENERATE(
      p::discipline(p::every{}), p::discipline(p::push_fetch{2, 3}),
      p::discipline(p::on_token{}), p::discipline(p::random_neighbour{}),
      p::discipline(p::one_of_group{}));

  CHECK(a::gate_for(when, {0, 1}) == nullptr);
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

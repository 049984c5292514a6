#pragma once

// All orders in which ranks can come to a gate, and time can pass.

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <map>
#include <memory>
#include <numeric>
#include <vector>

#include <catch2/catch.hpp>

#include "actors/sync/gate/gate.hpp"

namespace sounder::tests {

/// Replicas that meet `meetings` times each. A rank's place within its errands
/// is all that it knows; the gate is made anew for each order and hears of it.
///
/// Orders that have come to the same go on as one: what a gate keeps is taken
/// for a function of what can be seen of it and of the ranks. With
/// merging::none each goes on by itself, which says whether that is so, and
/// soon takes for ever.
class gate_orders {
 public:
  enum class merging { where_equal, none };

  gate_orders(topology::discipline when, std::size_t ranks,
              std::size_t meetings, bool moves_both = false,
              merging how = merging::where_equal)
      : when_(when),
        ranks_(ranks),
        meetings_(meetings),
        moves_both_(moves_both),
        merging_(how) {}

  /// Ranks come to rest whenever they have met so often, as at an evaluation.
  gate_orders& resting_every(std::size_t meetings) {
    rests_every_ = meetings;
    return *this;
  }

  /// A round of a sync, when it began.
  struct round {
    std::size_t size = 0;
    std::size_t at_rest = 0;           // ranks that had held all meetings
    std::vector<actors::moment> came;  // its ranks, in ascending order
    actors::moment now;
  };

  struct seen {
    std::vector<std::size_t> done;     // meetings, by rank
    std::vector<bool> waits;           // has come to a sync, by rank
    std::vector<actors::moment> came;  // at which time, by rank
    std::vector<round> last;           // that it was served in, by rank
  };

  /// Calls check(seen, rank, errand) before each step that the gate admits,
  /// of every order; counts the orders. All must end with all meetings held.
  template <class Check>
  std::uint64_t try_all(const Check& check) {
    ends_.clear();
    std::vector<std::size_t> order;
    return go_on(start(), order, check);
  }

 private:
  using milliseconds = std::chrono::milliseconds;
  /// All that can be seen of ranks and gate.
  using view = std::vector<std::int64_t>;

  struct state {
    std::unique_ptr<actors::gate> gate;
    std::vector<actors::errand_list> errands;
    seen so_far;
    actors::moment now;
  };

  template <class Check>
  std::uint64_t go_on(state here, std::vector<std::size_t>& order,
                      const Check& check) {
    const view known = view_of(here);
    if (const auto before = ends_.find(known);
        before != ends_.end() && merging_ == merging::where_equal) {
      return before->second;
    }
    const bool is_over = has_ended(here);
    std::uint64_t count = 0;
    for (std::size_t next = 0; next < ranks_ + 2; ++next) {
      if (step(here, next, check)) {  // else it is as it was
        order.push_back(next);
        count += go_on(std::move(here), order, check);
        order.pop_back();
        here = replay(order);
      }
    }
    if (count == 0) {
      REQUIRE(is_over);  // else a deadlock
      count = 1;
    }
    ends_[known] = count;
    return count;
  }

  state replay(const std::vector<std::size_t>& order) const {
    const auto nothing = [](const seen&, std::size_t, actors::errand) {};
    state s = start();
    for (const std::size_t rank : order) {
      step(s, rank, nothing);
    }
    return s;
  }

  state start() const {
    actors::gate_ranks all(ranks_);
    std::iota(all.begin(), all.end(), std::size_t{0});
    state s;
    s.gate = actors::gate_for(when_, all);
    s.errands.resize(ranks_);
    s.so_far.done.resize(ranks_);
    s.so_far.waits.resize(ranks_);
    s.so_far.came.resize(ranks_);
    s.so_far.last.resize(ranks_);
    for (std::size_t k = 0; k < ranks_; ++k) {
      s.errands[k] = actors::errands_for(when_, 1, moves_both_);
    }
    return s;
  }

  /// Whoever waits looks whether a round is due.
  void serve_round(state& s) const {
    if (!s.gate || !s.gate->is_round_due(s.now)) {
      return;
    }
    seen& all = s.so_far;
    round begun;
    begun.now = s.now;
    begun.at_rest = static_cast<std::size_t>(
        std::count(all.done.begin(), all.done.end(), meetings_));
    const actors::gate_ranks ranks = s.gate->begin_round();
    begun.size = ranks.size();
    for (const std::size_t rank : ranks) {
      if (!all.waits[rank]) {
        FAIL("a rank is served that has not come");
      }
      begun.came.push_back(all.came[rank]);
    }
    std::sort(begun.came.begin(), begun.came.end());
    for (const std::size_t rank : ranks) {
      all.last[rank] = begun;
    }
    s.gate->round_served();
  }

  /// Time passes until a round is due, where it will be; or, of few ranks, for
  /// a while.
  bool tick(state& s, bool to_the_end) const {
    constexpr milliseconds a_while(10);
    const auto due = s.gate ? s.gate->round_due() : std::nullopt;
    const bool has_time = ranks_ < 4 && due && *due - s.now > a_while;
    if (!due || *due <= s.now || (!to_the_end && !has_time)) {
      return false;
    }
    s.now = to_the_end ? *due : s.now + a_while;
    serve_round(s);
    return true;
  }

  /// One step of a rank, or of the clock; false where there is none now.
  template <class Check>
  bool step(state& s, std::size_t rank, const Check& check) const {
    if (rank >= ranks_) {
      return tick(s, rank == ranks_);
    }
    if (s.so_far.done[rank] == meetings_) {
      return false;
    }
    if (s.errands[rank].is_empty()) {  // on that occasion it wants nothing
      hold(s, rank);
      return true;
    }
    const actors::errand what = s.errands[rank].front();
    if (what == actors::errand::sync && !s.so_far.waits[rank]) {
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
      hold(s, rank);
    }
    return true;
  }

  /// The rank's meeting is over.
  void hold(state& s, std::size_t rank) const {
    const std::size_t done = ++s.so_far.done[rank];
    s.errands[rank] = actors::errands_for(when_, 1 + done, moves_both_);
    if (s.gate &&
        (done == meetings_ || (rests_every_ > 0 && done % rests_every_ == 0))) {
      s.gate->rests(rank);
      serve_round(s);
    }
  }

  bool has_ended(const state& s) const {
    return std::all_of(s.so_far.done.begin(), s.so_far.done.end(),
                       [&](std::size_t n) { return n == meetings_; });
  }

  /// Times are told by how long ago they were, and what is long ago is alike.
  view view_of(const state& s) const {
    constexpr actors::moment::duration long_ago = milliseconds(20);
    const auto ago = [&](actors::moment then) {
      return std::int64_t{std::min(s.now - then, long_ago).count()};
    };
    const seen& all = s.so_far;
    view of;
    for (std::size_t rank = 0; rank < ranks_; ++rank) {
      const actors::errand_list& left = s.errands[rank];
      of.push_back(static_cast<std::int64_t>(all.done[rank]));
      of.push_back(left.is_empty() ? -1 : static_cast<int>(left.front()));
      const bool may_go_on =
          s.gate && !left.is_empty() && s.gate->admits(rank, left.front());
      of.push_back(may_go_on ? 1 : 0);
      of.push_back(all.waits[rank] ? ago(all.came[rank]) : -1);
      if (all.waits[rank] && may_go_on) {
        const round& last = all.last[rank];
        of.push_back(ago(last.now));
        of.push_back(static_cast<std::int64_t>(last.at_rest));
        of.push_back(static_cast<std::int64_t>(last.size));
        for (const actors::moment each : last.came) {
          of.push_back(ago(each));
        }
      }
    }
    if (s.gate) {
      of.push_back(s.gate->is_round_due(s.now) ? 1 : 0);
      const auto due = s.gate->round_due();
      of.push_back(due ? ago(*due) : 1);
    }
    return of;
  }

  topology::discipline when_;
  std::size_t ranks_;
  std::size_t meetings_;
  bool moves_both_;
  std::size_t rests_every_ = 0;
  merging merging_;
  std::map<view, std::uint64_t> ends_;  // orders from there on
};

}  // namespace sounder::tests

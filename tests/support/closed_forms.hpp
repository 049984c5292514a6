#pragma once

// What counting parameters come to, by exchange: each sample moves them by 1.

#include <algorithm>
#include <cstddef>
#include <utility>
#include <vector>

#include "actors/plan/run_report.hpp"
#include "tests/support/channels.hpp"

namespace sounder::tests {

/// From and to; the same where the end is known.
struct interval {
  double least = 0.0;
  double most = 0.0;

  static interval at(double value) { return {value, value}; }
};

/// What a run was, and what of it is known.
class count_facts {
 public:
  count_facts(const channel_case& at, const actors::run_report& seen)
      : case_(at), seen_(seen), tau_(steps(at.discipline).value_or(1)) {}

  const channel_case& at() const { return case_; }
  bool is_fixed() const { return tests::is_fixed(case_); }
  bool is_synchronous() const {
    return topology::is_synchronous(case_.discipline);
  }
  std::size_t replicas() const { return case_.steppers(); }
  double tau() const { return static_cast<double>(tau_); }
  double total() const { return double{epochs_of_cases} * rows_of_cases; }
  double each() const { return total() / static_cast<double>(replicas()); }
  std::size_t meetings() const {
    return static_cast<std::size_t>(each()) / tau_;
  }

  /// Local steps whose moves one update brings.
  double steps_of_update() const {
    const auto* often = std::get_if<topology::push_fetch>(&case_.discipline);
    return often == nullptr ? tau() : static_cast<double>(often->push);
  }

  /// Additions at a hub without a lock may get lost where two come at once.
  bool is_exact() const {
    const auto whom = traits_of(case_.discipline).awaits;
    return replicas() == 1 || case_.wiring == "a group at a hub" ||
           excludes(case_.discipline) || whom == topology::awaits::callers ||
           whom == topology::awaits::joined || !case_.has_hub();
  }

  double dropped() const {
    return sum_of([](const auto& link) { return double(link.dropped); });
  }
  /// The most updates of others between two of its own that a link has seen.
  double staleness() const {
    double most = 0.0;
    for (const actors::link_record& link : seen_.links) {
      most = std::max(most, link.staleness.max);
    }
    return most;
  }
  bool scales_by_age() const {
    return std::holds_alternative<topology::scale>(
        topology::age_of(case_.exchange));
  }

  /// Of what is added up at a hub: updates that are dropped by their age are
  /// missing, and those that are scaled by it count less.
  interval added(double moves) const {
    const double kept = moves - dropped() * steps_of_update();
    const double share =
        scales_by_age() && !(replicas() == 1 && steps_of_update() == tau())
            ? 1.0 / (2.0 + staleness())
            : 1.0;
    return {(is_exact() ? kept : 0.5 * kept) * share, kept};
  }

 private:
  template <class Value>
  double sum_of(const Value& value) const {
    double sum = 0.0;
    for (const actors::link_record& link : seen_.links) {
      sum += value(link);
    }
    return sum;
  }

  const channel_case& case_;
  const actors::run_report& seen_;
  std::size_t tau_;
};

/// After so many moves by `by`, with momentum and, where Nesterov's, a rate.
inline double with_momentum(std::size_t moves, double by, double momentum) {
  double v = 0.0;
  double c = 0.0;
  for (std::size_t k = 0; k < moves; ++k) {
    v = momentum * v + by;
    c += v;
  }
  return c;
}
inline double with_nesterov(std::size_t moves, double by, double rate,
                            double momentum) {
  double v = 0.0;
  double c = 0.0;
  for (std::size_t k = 0; k < moves; ++k) {
    v = momentum * v + by;
    c += rate * (by + momentum * v);
  }
  return c;
}

/// Where each end moves by a share of the difference: the hub's end, by turns
/// or all from the same.
inline double with_pulls(const count_facts& run, double share,
                         bool from_the_same) {
  std::vector<double> w(run.replicas(), 0.0);
  double c = 0.0;
  for (std::size_t k = 0; k < run.meetings(); ++k) {
    const double before = c;
    for (double& each : w) {
      each += run.tau();
      const double d = share * (each - (from_the_same ? before : c));
      each -= d;
      c += d;
    }
  }
  return c;
}

/// Rounds of a sync at a hub.
inline std::pair<std::size_t, std::size_t> rounds_of(const count_facts& run) {
  return {run.meetings(),
          run.is_fixed() ? run.meetings() : run.meetings() * run.replicas()};
}

// By exchange. One without a form of its own stays between where it began and
// where all moves would lead.

template <class Kind>
interval count_of(const Kind&, const count_facts& run) {
  return {0.01, run.total()};
}

inline interval count_of(const topology::add_delta&, const count_facts& run) {
  if (std::holds_alternative<topology::one_of_group>(run.at().discipline)) {
    // The mean of two counts once.
    return run.added(run.total() / 2.0);
  }
  // Who is met has all moves, who comes had them when it came last.
  return run.at().has_hub() ? run.added(run.total())
                            : interval{0.75 * run.total(), run.total()};
}

inline interval count_of(const topology::overwrite&, const count_facts& run) {
  // The writer's at a hub; of peers who steps alone, and who follows.
  return run.at().has_hub() ? interval::at(run.each())
                            : interval{0.5 * run.each(), run.each()};
}

inline interval count_of(const topology::gradient& rule,
                         const count_facts& run) {
  if (!run.is_synchronous()) {
    const double by = run.steps_of_update();
    const interval moved = run.added(run.total());
    const auto updates = static_cast<std::size_t>(run.total() / by);
    return rule.momentum == 0.0
               ? moved
               : interval{moved.least == moved.most
                              ? with_momentum(updates, by, rule.momentum)
                              : moved.least,
                          with_momentum(updates, by, rule.momentum)};
  }
  if (rule.how == topology::combine::sum) {
    return interval::at(run.total());
  }
  const auto [least, most] = rounds_of(run);
  return {with_momentum(least, run.tau(), rule.momentum),
          with_momentum(most, run.tau(), rule.momentum)};
}

inline interval count_of(const topology::outer_step& rule,
                         const count_facts& run) {
  const auto [least, most] = rounds_of(run);
  return {with_nesterov(least, run.tau(), rule.rate, rule.momentum),
          with_nesterov(most, run.tau(), rule.rate, rule.momentum)};
}

inline interval count_of(const topology::elastic& rule,
                         const count_facts& run) {
  if (!run.at().has_hub()) {
    return interval::at(run.each());
  }
  const double alpha =
      rule.alpha.value_or(0.9 / static_cast<double>(run.replicas()));
  const bool is_group =
      std::holds_alternative<topology::one_of_group>(run.at().discipline);
  return run.is_fixed() && !is_group
             ? interval::at(with_pulls(run, alpha, run.is_synchronous()))
             : interval{0.01, run.total()};
}

inline interval count_of(const topology::custom&, const count_facts& run) {
  if (!run.at().has_hub()) {
    return interval::at(run.each());
  }
  return run.is_fixed() ? interval::at(with_pulls(run, 0.5, false))
                        : interval{0.01, run.total()};
}

/// Moves that are on their way count here and there.
inline interval count_of(const topology::token_merge&, const count_facts& run) {
  return {0.5 * run.each(), 1.5 * run.total()};
}

inline interval count_of(const topology::broadcast_delta&,
                         const count_facts& run) {
  return interval::at(run.total());
}
inline interval count_of(const topology::pair_average&,
                         const count_facts& run) {
  return interval::at(run.each());
}
inline interval count_of(const topology::mix&, const count_facts& run) {
  return interval::at(run.each());
}
inline interval count_of(const topology::all_reduce&, const count_facts& run) {
  return interval::at(run.each());
}
inline interval count_of(const topology::push_sum&, const count_facts& run) {
  return run.is_synchronous() ? interval::at(run.each())
                              : interval{0.01, run.each()};
}

/// Meetings that the links of the exchange have to report.
inline interval meetings_of(const count_facts& run) {
  const channel_case& at = run.at();
  const auto all = static_cast<double>(run.meetings() * run.replicas());
  if (std::holds_alternative<topology::one_of_group>(at.discipline)) {
    return interval::at(all / 2.0);
  }
  if (traits_of(at.discipline).awaits == topology::awaits::token) {
    return {static_cast<double>(run.replicas()), all};
  }
  if (traits_of(at.exchange).meets == topology::encounter::gossip) {
    // One to each neighbour; by its own clock who has nothing new gives none.
    const std::size_t links =
        at.graph.links.size() * (is_symmetric(at.exchange) ? 2 : 1);
    const auto most = static_cast<double>(run.meetings() * links);
    const bool may_keep =
        topology::has_exchange<topology::push_sum>(at.graph) &&
        !run.is_synchronous();
    return {may_keep ? 1.0 : most, most};
  }
  const bool one_of_them_reads =
      traits_of(at.exchange).travels == topology::travels::back;
  const bool one_of_them_is_met =
      traits_of(at.exchange).meets == topology::encounter::served &&
      at.wiring == "two peers" && !one_of_them_reads;
  if (topology::discipline_of<topology::random_neighbour>(
          at.graph.links.front()) != nullptr) {
    // Who has asked and is not answered yet lets occasions pass.
    return {static_cast<double>(run.replicas()), all};
  }
  if (one_of_them_is_met && !run.is_synchronous()) {
    return {1.0, all};  // shares follow speed, and one of the two comes
  }
  return interval::at(traits_of(at.exchange).meets ==
                                  topology::encounter::reduced ||
                              (at.has_hub() && !one_of_them_reads)
                          ? all
                          : all / 2.0);
}

}  // namespace sounder::tests

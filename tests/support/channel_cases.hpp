#pragma once

// Every exchange with every discipline, in small wirings that take it.

#include <cstddef>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "tests/support/alternatives.hpp"
#include "tests/support/gate_orders.hpp"
#include "topology/describe.hpp"
#include "topology/graph.hpp"
#include "topology/validate.hpp"

namespace sounder::tests {

struct channel_case {
  std::string wiring;
  topology::exchange exchange;
  topology::discipline discipline;
  topology::graph graph;

  std::string name() const {
    return wiring + ": " + topology::describe(graph.links.front());
  }
  std::size_t steppers() const { return stepping_replicas(graph); }
  bool has_hub() const { return steppers() < graph.replicas.size(); }
};

/// Gives the local steps between two meetings where they are not given.
struct steps_setter {
  std::size_t tau;

  void operator()(const char*, std::optional<std::size_t>& value,
                  topology::range what) const {
    if (what == topology::range::steps && !value) {
      value = tau;
    }
  }
  template <class T>
  void operator()(const char*, T&, topology::range) const {}
};

inline topology::discipline with_steps(topology::discipline when,
                                       std::size_t tau) {
  const steps_setter set{tau};
  std::visit([&](auto& each) { topology::for_each_field(each, set); }, when);
  return when;
}

/// Small wirings that such links could be of; validate knows which take them.
class small_wirings {
 public:
  small_wirings(topology::exchange rule, topology::discipline when)
      : rule_(std::move(rule)), when_(std::move(when)) {}

  std::vector<channel_case> all() const {
    const auto& traits = traits_of(rule_);
    const auto whom = traits_of(when_).awaits;
    std::vector<channel_case> made;
    const auto add = [&](const char* name, const topology::graph& wiring) {
      made.push_back({name, rule_, when_, wiring});
    };
    if (std::holds_alternative<topology::one_of_group>(when_)) {
      add("a group at a hub", groups(1));
      add("two groups at a hub", groups(2));
    } else if (traits.meets == topology::encounter::served &&
               whom != topology::awaits::token) {
      add("one at a hub", at_a_hub(1));
      add("two at a hub", at_a_hub(2));
    }
    if (traits.travels == topology::travels::back) {
      add("a reader at a hub", with_a_writer());
    }
    add("two peers", among(2, {{0, 1}}));
    if (traits.meets != topology::encounter::served ||
        whom == topology::awaits::token) {
      add("two peers, both ways", among(2, {{0, 1}, {1, 0}}));
      add("a ring of three", among(3, {{0, 1}, {1, 2}, {2, 0}}));
    }
    return made;
  }

 private:
  using ends = std::vector<std::pair<std::size_t, std::size_t>>;

  static topology::replica stepper(std::size_t number) {
    return {"r" + std::to_string(number), 1, {}, {}};
  }
  topology::link link(std::size_t from, std::size_t to) const {
    return {from, to, rule_, when_};
  }

  topology::graph at_a_hub(std::size_t steppers) const {
    topology::graph made;
    made.replicas.push_back({"hub", 0, {}, {}});
    for (std::size_t i = 1; i <= steppers; ++i) {
      made.replicas.push_back(stepper(i));
      made.links.push_back(link(i, 0));
    }
    return made;
  }

  topology::graph with_a_writer() const {
    topology::graph made = at_a_hub(2);
    made.links[1].exchange = topology::add_delta{};
    return made;
  }

  topology::graph among(std::size_t steppers, const ends& joined) const {
    topology::graph made;
    for (std::size_t i = 1; i <= steppers; ++i) {
      made.replicas.push_back(stepper(i));
    }
    for (const auto& [from, to] : joined) {
      made.links.push_back(link(from, to));
    }
    return made;
  }

  topology::graph groups(std::size_t of_two) const {
    topology::graph made = at_a_hub(2 * of_two);
    const auto tau = steps(when_);
    for (std::size_t g = 0; g < of_two; ++g) {
      made.links.push_back({2 * g + 1, 2 * g + 2, topology::all_reduce{},
                            topology::barrier{tau}});
    }
    return made;
  }

  topology::exchange rule_;
  topology::discipline when_;
};

/// Those that validate accepts, of links that meet every `tau` steps where the
/// discipline does not say how often.
inline std::vector<channel_case> cases_of(const topology::exchange& rule,
                                          const topology::discipline& when,
                                          std::size_t tau = 4) {
  std::vector<channel_case> good;
  for (channel_case& each : small_wirings(rule, with_steps(when, tau)).all()) {
    if (topology::validate(each.graph).empty()) {
      good.push_back(std::move(each));
    }
  }
  return good;
}

/// Each setting of an exchange with each discipline as it usually is, and the
/// other way round. Gradients meet before the optimizer, too: at a tau of 1.
inline std::vector<channel_case> all_cases() {
  std::vector<channel_case> all;
  const auto add = [&](const topology::exchange& rule,
                       const topology::discipline& when, std::size_t tau = 4) {
    for (channel_case& each : cases_of(rule, when, tau)) {
      all.push_back(std::move(each));
    }
  };
  topology::for_each_alternative<topology::exchange>([&](const auto& what) {
    topology::for_each_alternative<topology::discipline>([&](const auto& how) {
      const auto rules = settings_of(what);
      const auto times = settings_of(how);
      for (const auto& rule : rules) {
        add(rule, times.front());
      }
      for (std::size_t k = 1; k < times.size(); ++k) {
        add(rules.front(), times[k]);
      }
      const bool before_optimizer =
          topology::traits_of(topology::exchange(what)).stands ==
          topology::standing::before_optimizer;
      if (before_optimizer && steps(with_steps(times.front(), 4)) == 4U) {
        add(rules.front(), times.front(), 1);
      }
    });
  });
  return all;
}

/// Whether so many ranks are served in one order only, or all at once: then
/// nothing depends on who is faster.
inline bool is_ordered(const topology::discipline& when, std::size_t ranks) {
  bool is_whole = topology::is_synchronous(when);
  const std::uint64_t orders =
      gate_orders(when, ranks, 2)
          .try_all([&](const gate_orders::seen& so_far, std::size_t rank,
                       actors::errand) {
            is_whole = is_whole && so_far.last[rank].size == ranks;
          });
  return is_whole || orders == 1;
}

/// Whether all runs of the case come to the same.
inline bool is_fixed(const channel_case& at) {
  if (at.steppers() == 1 || at.wiring == "a group at a hub") {
    return true;
  }
  const bool is_served =
      traits_of(at.exchange).meets == topology::encounter::served;
  return (at.has_hub() || !is_served) &&
         is_ordered(at.discipline, at.steppers());
}

}  // namespace sounder::tests

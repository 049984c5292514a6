#pragma once

// What two joined replicas do when they meet: the payload and the merge rule.
// Plain data; the rules themselves are in kernels/exchange. Notation: w the
// parameters at the link's `from`, c those at its `to`, s what `from` had
// after their last meeting.
//
// Each says of itself what others ask: traits, as below, and its fields by the
// names that files use (traits.hpp). Its rule is made in actors/sync/rules.cpp.

#include <array>
#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <variant>

#include "topology/age.hpp"
#include "topology/discipline.hpp"
#include "topology/traits.hpp"

namespace sounder::topology {

/// How two ends meet.
enum class encounter {
  served,   // `from` comes to `to` and is served there
  gossip,   // by updates to all neighbours, which do not answer
  reduced,  // all that such links join
};

/// Where a meeting stands in a local step: gradient, optimizer, new parameters.
enum class standing {
  before_optimizer,  // gradients meet, and the optimizer steps with the outcome
  after_step,        // parameters meet
};

/// What the replica at the link's end has to be.
enum class far_end { any, hub, stepper };

/// Where payloads go.
enum class travels { forth, back, both_ways };

/// How payloads may be compressed.
enum class compressible { any_way, all_numbers, not_at_all };

using disciplines = set_of<discipline>;

struct exchange_traits {
  std::string_view name;     // that files use
  std::string_view summary;  // a line for people
  encounter meets;
  standing stands;
  far_end to;
  disciplines goes_with;
  bool is_symmetric;  // both ends do the same: each pair is held once
  topology::travels travels;
  bool tells_both;  // what each end knows gets to the other
  bool averages;    // moves made side by side are not added up
  /// How many times as many epochs a replica more asks for, where they hear of
  /// each other little by little.
  double more_epochs;
  std::optional<std::size_t> usual_tau;  // all at once; empty: by its cost
  compressible compression;
  std::string_view compression_because;  // where it is not any_way
};

/// c += w - s;  w = s = c. HOGWILD-STAR (Noel, Osindero 2014).
struct add_delta {
  topology::age age = {};

  static constexpr exchange_traits traits = {
      .name = "add-delta",
      .summary =
          "What a replica has moved is added at the hub, and it goes on from "
          "the hub's.",
      .meets = encounter::served,
      .stands = standing::after_step,
      .to = far_end::any,
      .goes_with = some_of<discipline, every, in_turn, bounded, one_of_group>,
      .is_symmetric = false,
      .travels = travels::both_ways,
      .tells_both = true,
      .averages = false,
      .more_epochs = 0.0,
      .usual_tau = {},
      .compression = compressible::any_way,
      .compression_because = "",
  };
  template <class Self, class Visit>
  static void fields(Self& self, Visit& visit) {
    visit("age", self.age, range::any);
  }
};

/// w = s = c, nothing goes up. Parameters down only.
struct overwrite : no_fields {
  static constexpr exchange_traits traits = {
      .name = "overwrite",
      .summary =
          "A replica goes on from the far end's parameters; nothing goes up.",
      .meets = encounter::served,
      .stands = standing::after_step,
      .to = far_end::any,
      .goes_with = some_of<discipline, every, in_turn>,
      .is_symmetric = false,
      .travels = travels::back,
      .tells_both = true,
      .averages = false,
      .more_epochs = 0.0,
      .usual_tau = {},
      .compression = compressible::any_way,
      .compression_because = "",
  };
};

/// How a hub combines what several replicas bring to one barrier.
enum class combine { mean, sum };
constexpr std::array<std::string_view, 2> names_of(combine) noexcept {
  return {"mean", "sum"};
}

/// The gradient g of a batch goes to the hub, which steps by the optimizer of
/// the run and sends its parameters down: w = s = c. With a barrier g is
/// combined over the replicas first (synchronous SGD), otherwise every push is
/// a step of its own (parameter server, Downpour: Dean et al. 2012).
///
/// After several local steps, with a momentum of its own (asynchronous MSGD)
/// and where it comes to the same (sgd, momentum), the hub steps with what the
/// replicas' steps have been: g = (s - w) / step, summed up since the last
/// meeting;  v = momentum v + g;  c -= step v.
struct gradient {
  combine how = combine::mean;
  double momentum = 0.0;
  topology::age age = {};  // of a push that is a step of its own

  static constexpr exchange_traits traits = {
      .name = "gradient",
      .summary =
          "Gradients go to a hub, which steps; a replica goes on from there.",
      .meets = encounter::served,
      .stands = standing::before_optimizer,
      .to = far_end::hub,
      .goes_with = some_of<discipline, every, push_fetch, in_turn, barrier,
                           quorum, bounded>,
      .is_symmetric = false,
      .travels = travels::both_ways,
      .tells_both = true,
      .averages = false,
      .more_epochs = 0.0,
      .usual_tau = 1,
      .compression = compressible::any_way,
      .compression_because = "",
  };
  template <class Self, class Visit>
  static void fields(Self& self, Visit& visit) {
    visit("combine", self.how, range::any);
    visit("momentum", self.momentum, range::momentum);
    visit("age", self.age, range::any);
  }
};

/// d = mean over the replicas of w - s;  v = momentum v + d;
/// c += rate (d + momentum v);  w = s = c. Local SGD with Nesterov's momentum
/// outside (DiLoCo, Douillard et al. 2023); rate 1 and momentum 0 average.
struct outer_step {
  double rate = 0.7;
  double momentum = 0.9;

  static constexpr exchange_traits traits = {
      .name = "outer-step",
      .summary =
          "The mean of what replicas have moved is the hub's step, with "
          "Nesterov's momentum.",
      .meets = encounter::served,
      .stands = standing::after_step,
      .to = far_end::hub,
      .goes_with = some_of<discipline, barrier, quorum>,
      .is_symmetric = false,
      .travels = travels::both_ways,
      .tells_both = true,
      .averages = false,
      .more_epochs = 0.0,
      .usual_tau = 100,
      .compression = compressible::any_way,
      .compression_because = "",
  };
  template <class Self, class Visit>
  static void fields(Self& self, Visit& visit) {
    visit("rate", self.rate, range::positive);
    visit("momentum", self.momentum, range::momentum);
  }
};

/// d = alpha (w - c);  w -= d;  c += d. EASGD (Zhang, Choromanska, LeCun
/// 2015); alpha is 0.9 / replicas at the hub when not given.
struct elastic {
  std::optional<double> alpha;

  static constexpr exchange_traits traits = {
      .name = "elastic",
      .summary =
          "Both ends move towards each other by a share alpha of their "
          "difference.",
      .meets = encounter::served,
      .stands = standing::after_step,
      .to = far_end::any,
      .goes_with = some_of<discipline, every, in_turn, barrier, quorum, bounded,
                           one_of_group>,
      .is_symmetric = false,
      .travels = travels::both_ways,
      .tells_both = true,
      .averages = true,
      .more_epochs = 0.65,
      .usual_tau = {},
      .compression = compressible::any_way,
      .compression_because = "",
  };
  template <class Self, class Visit>
  static void fields(Self& self, Visit& visit) {
    visit("alpha", self.alpha, range::share);
  }
};

/// HOGWILD++'s rule (Zhang, Hsieh, Akella 2016), in the paper's form or in
/// that of the authors' code, where differences up to `tolerance` wait.
enum class token_form { paper, reference };
constexpr std::array<std::string_view, 2> names_of(token_form) noexcept {
  return {"paper", "reference"};
}
struct token_merge {
  token_form form = token_form::paper;
  double tolerance = 1e-2;     // reference form only
  std::optional<double> beta;  // solves beta^n + beta = 1 when not given

  static constexpr exchange_traits traits = {
      .name = "token-merge",
      .summary = "Who has the token merges with the next replica of the ring.",
      .meets = encounter::served,
      .stands = standing::after_step,
      .to = far_end::stepper,
      .goes_with = some_of<discipline, on_token>,
      .is_symmetric = false,
      .travels = travels::both_ways,
      .tells_both = false,
      .averages = false,
      .more_epochs = 0.75,
      .usual_tau = {},
      .compression = compressible::all_numbers,
      .compression_because = "both ends count on the same moves",
  };
  template <class Self, class Visit>
  static void fields(Self& self, Visit& visit) {
    visit("form", self.form, range::any);
    visit("tolerance", self.tolerance, range::not_negative);
    visit("beta", self.beta, range::share);
  }
};

/// w - s goes to every neighbour, which adds it to its own parameters.
struct broadcast_delta : no_fields {
  static constexpr exchange_traits traits = {
      .name = "broadcast-delta",
      .summary =
          "What a replica has moved goes to all neighbours, which add it.",
      .meets = encounter::gossip,
      .stands = standing::after_step,
      .to = far_end::stepper,
      .goes_with = some_of<discipline, every>,
      .is_symmetric = true,
      .travels = travels::both_ways,
      .tells_both = true,
      .averages = false,
      .more_epochs = 0.0,
      .usual_tau = {},
      .compression = compressible::any_way,
      .compression_because = "",
  };
};

/// w = c = (w + c) / 2, at once. AD-PSGD (Lian et al. 2018).
struct pair_average : no_fields {
  static constexpr exchange_traits traits = {
      .name = "pair-average",
      .summary = "Both ends become their mean.",
      .meets = encounter::served,
      .stands = standing::after_step,
      .to = far_end::stepper,
      .goes_with = some_of<discipline, every, random_neighbour>,
      .is_symmetric = true,
      .travels = travels::both_ways,
      .tells_both = true,
      .averages = true,
      .more_epochs = 0.5,
      .usual_tau = {},
      .compression = compressible::any_way,
      .compression_because = "",
  };
};

/// w^i = sum_j W_ij w^j. D-PSGD (Lian et al. 2017). W_ij = W_ji is the link's
/// weight, Metropolis' where no link between such neighbours has one; W_ii is
/// what remains of 1.
struct mix {
  std::optional<double> weight;

  static constexpr exchange_traits traits = {
      .name = "mix",
      .summary = "Each becomes a weighted mean of itself and its neighbours.",
      .meets = encounter::gossip,
      .stands = standing::after_step,
      .to = far_end::stepper,
      .goes_with = some_of<discipline, barrier>,
      .is_symmetric = true,
      .travels = travels::both_ways,
      .tells_both = true,
      .averages = true,
      .more_epochs = 0.0,
      .usual_tau = {},
      .compression = compressible::all_numbers,
      .compression_because = "parameters that arrive late shift the mean",
  };
  template <class Self, class Visit>
  static void fields(Self& self, Visit& visit) {
    visit("weight", self.weight, range::share);
  }
};

/// Push-sum with equal shares: (x, weight) / (out-degree + 1) to every
/// out-neighbour, w = x / weight. SGP (Assran et al. 2019).
struct push_sum : no_fields {
  static constexpr exchange_traits traits = {
      .name = "push-sum",
      .summary =
          "Shares go along the links; parameters are the ratio of two sums.",
      .meets = encounter::gossip,
      .stands = standing::after_step,
      .to = far_end::stepper,
      .goes_with = some_of<discipline, every, barrier>,
      .is_symmetric = false,
      .travels = travels::forth,
      .tells_both = false,
      .averages = true,
      .more_epochs = 0.0,
      .usual_tau = {},
      .compression = compressible::not_at_all,
      .compression_because = "its shares must add up to the whole at all times",
  };
};

/// g = mean of the gradients of all replicas that all_reduce links join, with
/// which each of them takes the same step; after several local steps, or where
/// it comes to the same, w = mean of their parameters. Reduce-scatter and
/// all-gather along a ring; over groups first where the links form groups and a
/// ring of leaders.
struct all_reduce : no_fields {
  static constexpr exchange_traits traits = {
      .name = "all-reduce",
      .summary = "All that are joined become their mean.",
      .meets = encounter::reduced,
      .stands = standing::before_optimizer,
      .to = far_end::stepper,
      .goes_with = some_of<discipline, barrier>,
      .is_symmetric = true,
      .travels = travels::both_ways,
      .tells_both = true,
      .averages = true,
      .more_epochs = 0.0,
      .usual_tau = 1,
      .compression = compressible::not_at_all,
      .compression_because = "all must end with the same bits",
  };
};

/// A rule of your own between two ends, by the name under which the plan of
/// the run has it (training_plan::exchanges).
struct custom {
  std::string name;

  static constexpr exchange_traits traits = {
      .name = "custom",
      .summary = "A rule of your own, by its name in the plan.",
      .meets = encounter::served,
      .stands = standing::after_step,
      .to = far_end::any,
      .goes_with = some_of<discipline, every, in_turn, random_neighbour,
                           barrier, quorum, on_token>,
      .is_symmetric = false,
      .travels = travels::both_ways,
      .tells_both = true,
      .averages = false,
      .more_epochs = 0.0,
      .usual_tau = {},
      .compression = compressible::any_way,
      .compression_because = "",
  };
  template <class Self, class Visit>
  static void fields(Self& self, Visit& visit) {
    visit("rule", self.name, range::rule);
  }
};

using exchange = std::variant<add_delta, overwrite, gradient, outer_step,
                              elastic, token_merge, broadcast_delta,
                              pair_average, mix, push_sum, all_reduce, custom>;

/// The traits of whichever it is.
const exchange_traits& traits_of(const exchange& rule) noexcept;

/// What it does by the age of updates.
age age_of(const exchange& rule) noexcept;

/// The name that files and reports use, e.g. "add-delta"; its own for a custom
/// one.
std::string_view name(const exchange& rule) noexcept;

}  // namespace sounder::topology

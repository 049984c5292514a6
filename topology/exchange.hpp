#pragma once

// What two joined replicas do when they meet: the payload and the merge rule.
// Plain data; the rules themselves are in kernels/exchange. Notation: w the
// parameters at the link's `from`, c those at its `to`, s what `from` had
// after their last meeting.

#include <optional>
#include <string>
#include <string_view>
#include <variant>

namespace sounder::topology {

/// c += w - s;  w = s = c. HOGWILD-STAR (Noel, Osindero 2014).
struct add_delta {};

/// w = s = c, nothing goes up. Parameters down only.
struct overwrite {};

/// How a hub combines what several replicas bring to one barrier.
enum class combine { mean, sum };

/// The gradient g = (s - w) / step, summed up over the steps since the last
/// meeting, goes to the hub, which steps: v = momentum v + g;
/// c -= step v;  w = s = c. With a barrier g is combined over the replicas
/// first (synchronous SGD), otherwise every push is a step of its own
/// (parameter server, Downpour: Dean et al. 2012; asynchronous MSGD).
struct gradient {
  combine how = combine::mean;
  double momentum = 0.0;
};

/// d = mean over the replicas of w - s;  v = momentum v + d;
/// c += rate (d + momentum v);  w = s = c. Local SGD with Nesterov's momentum
/// outside (DiLoCo, Douillard et al. 2023); rate 1 and momentum 0 average.
struct outer_step {
  double rate = 0.7;
  double momentum = 0.9;
};

/// d = alpha (w - c);  w -= d;  c += d. EASGD (Zhang, Choromanska, LeCun
/// 2015); alpha is 0.9 / replicas at the hub when not given.
struct elastic {
  std::optional<double> alpha;
};

/// HOGWILD++'s rule (Zhang, Hsieh, Akella 2016), in the paper's form or in
/// that of the authors' code, where differences up to `tolerance` wait.
enum class token_form { paper, reference };
struct token_merge {
  token_form form = token_form::paper;
  double tolerance = 1e-2;     // reference form only
  std::optional<double> beta;  // solves beta^n + beta = 1 when not given
};

/// w - s goes to every neighbour, which adds it to its own parameters.
struct broadcast_delta {};

/// w = c = (w + c) / 2, at once. AD-PSGD (Lian et al. 2018).
struct pair_average {};

/// w^i = sum_j W_ij w^j. D-PSGD (Lian et al. 2017). W_ij = W_ji is the link's
/// weight, Metropolis' where no link between such neighbours has one; W_ii is
/// what remains of 1.
struct mix {
  std::optional<double> weight;
};

/// Push-sum with equal shares: (x, weight) / (out-degree + 1) to every
/// out-neighbour, w = x / weight. SGP (Assran et al. 2019).
struct push_sum {};

/// w = mean over all replicas that all_reduce links join: reduce-scatter and
/// all-gather along a ring; over groups first where the links form groups
/// and a ring of leaders.
struct all_reduce {};

/// A rule of your own between two ends, by the name under which the plan of
/// the run has it (training_plan::exchanges).
struct custom {
  std::string name;
};

using exchange = std::variant<add_delta, overwrite, gradient, outer_step,
                              elastic, token_merge, broadcast_delta,
                              pair_average, mix, push_sum, all_reduce, custom>;

/// The name that files and reports use, e.g. "add-delta"; its own for a custom
/// one.
std::string_view name(const exchange& rule) noexcept;

}  // namespace sounder::topology

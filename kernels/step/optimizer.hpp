#pragma once

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string_view>
#include <utility>
#include <vector>

#include "kernels/model/objective.hpp"

namespace sounder::kernels {

/// What is made of a stochastic gradient g. w are the parameters, eta the step
/// size; v, m and u start at 0 and stay with who steps: a replica, or a hub.
enum class optimizer_kind {
  sgd,       // w <- w - eta g(w)
  momentum,  // v <- delta v - eta g(w);  w <- w + v
  nesterov,  // v <- delta v - eta g(w + delta v);  w <- w + v
  adam,      // m <- delta m + (1 - delta) g;  u <- beta u + (1 - beta) g^2;
             // w <- w - eta m^ / (sqrt(u^) + epsilon), ^: bias corrected
  lars,      // for each block b of the objective's parameters
             // r_b = trust |w_b| / (|g_b| + decay |w_b|);
             // v_b <- delta v_b - eta r_b (g_b + decay w_b);  w_b <- w_b + v_b
};

/// Their names in options and files. Nodes send each other the number: append.
inline constexpr std::array<std::pair<optimizer_kind, std::string_view>, 5>
    optimizer_names = {{
        {optimizer_kind::sgd, "sgd"},
        {optimizer_kind::momentum, "momentum"},
        {optimizer_kind::nesterov, "nesterov"},
        {optimizer_kind::adam, "adam"},
        {optimizer_kind::lars, "lars"},
    }};

/// Nothing for a name that is none of them.
std::optional<optimizer_kind> optimizer_by_name(std::string_view name) noexcept;
std::string_view name(optimizer_kind kind) noexcept;

/// Sources: Polyak 1964; Nesterov 1983, in the form of EAMSGD (Zhang,
/// Choromanska, LeCun 2015, section 2.2); Adam, Kingma and Ba 2015; LARS, You,
/// Gitman, Ginsburg 2017 (arXiv 1708.03888), algorithm 1, with r_b = 1 where
/// |w_b| or |g_b| is 0.
struct optimizer {
  optimizer_kind kind = optimizer_kind::sgd;
  double momentum = 0.9;      // delta; 0 makes momentum and nesterov plain SGD
  double beta = 0.999;        // adam
  double epsilon = 1e-8;      // adam
  double weight_decay = 0.0;  // decoupled: w <- w - eta decay w, besides;
                              // within the rate for lars
  double trust = 0.001;       // lars
};

/// Throws std::invalid_argument for a momentum or beta outside [0, 1), a
/// negative epsilon or decay, or a trust that is not positive.
void check(const optimizer& rule);

/// Whether N steps from one w, each with a gradient of its own, have the step
/// with the mean gradient as their mean, whatever v each has kept: so for rules
/// that are linear in g and v and look at nothing but w.
bool averages(const optimizer& rule) noexcept;

// What others ask of a rule: they know no kind by its name. One switch over all
// kinds answers; one that it does not name is a warning, an error in dev.

/// Whether it has v, or m; u besides.
bool keeps_velocity(optimizer_kind kind) noexcept;
bool keeps_second_moment(optimizer_kind kind) noexcept;

/// Whether a step depends on how many went before.
bool counts_steps(optimizer_kind kind) noexcept;

/// Whether it wants the gradient elsewhere than at w.
bool looks_ahead(optimizer_kind kind) noexcept;

/// Whether it asks for norms over whole blocks of parameters, so that no
/// stretch of them can be stepped by itself.
bool steps_by_block(optimizer_kind kind) noexcept;

/// All that changes of an optimizer.
///
/// Threads: the vectors are written without a lock (HOGWILD!), as parameters.
struct optimizer_state {
  optimizer_state() = default;
  /// Zeros for n parameters.
  optimizer_state(const optimizer& rule, std::size_t n);

  std::vector<float> v;                 // keeps_velocity()
  std::vector<float> u;                 // keeps_second_moment()
  std::atomic<std::uint64_t> steps{0};  // begun, where the rule counts

  /// The number of the step that begins, from 1 on.
  std::uint64_t next_step() noexcept { return steps.fetch_add(1) + 1; }

  template <class Archive>
  void keep(Archive& all) {
    all(v, u, steps);
  }
};

/// A stretch of parameters, and what the rule keeps of them.
struct step_stretch {
  float* w;
  float* v;  // null where the rule has none
  float* u;  // likewise
  std::size_t n;
};

/// w + delta v, where Nesterov's rule wants the gradient; w for all others.
///
/// Cost: one pass, as of any copy.
void look_ahead(const optimizer& rule, const step_stretch& at,
                float* ahead) noexcept;

/// The rule's step number `t` (counts_steps), with the gradient g[0, n) and
/// step size eta. Any stretch by itself, but where it steps_by_block: with
/// `blocks`, whose coordinates are counted from the stretch's first.
///
/// Cost: one pass over w, v, u and g; lars two, and as many more as blocks lie
/// interleaved. Threads: relaxed accesses to w, v and u.
void step(const optimizer& rule, std::span<const parameter_block> blocks,
          float eta, const float* g, std::uint64_t t,
          const step_stretch& at) noexcept;

}  // namespace sounder::kernels

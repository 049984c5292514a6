#pragma once

#include <functional>
#include <vector>

namespace sounder::kernels {

/// A learning-rate schedule: epochs done so far, fraction included, to step
/// size (the papers' gamma or eta). A rule of your own is any callable:
///
///   plan.schedule = [](double epoch) { return 0.5 / (1 + epoch * epoch); };
///
/// A replica evaluates it for every chunk of samples ahead of its workers, and
/// replicas are many, so it must be a pure function.
using learning_rate_schedule = std::function<double(double epoch)>;

/// step(t) = initial.
learning_rate_schedule constant_step(double initial);

/// step(t) = initial * factor^floor(t): the rule of HOGWILD! (beta).
learning_rate_schedule decaying_step(double initial, double factor);

/// step(t) = initial * (1 - t / epochs)^power, 0 from `epochs` on.
learning_rate_schedule polynomial_step(double initial, double epochs,
                                       double power);

/// step(t) = initial * factor^k, k = milestones passed at t.
learning_rate_schedule multi_step(double initial, double factor,
                                  std::vector<double> milestones);

/// step(t) = initial / (1 + rate * t). With rate = initial * l2 * rows this
/// is Bottou's rule for an l2-regularised objective ("Stochastic Gradient
/// Descent Tricks", 2012, section 5.2).
learning_rate_schedule inverse_time_step(double initial, double rate);

/// step(t) = initial * (1 - t / epochs) / (1 + rate * t), 0 from `epochs` on:
/// Bottou's rule while the penalty rules, and down to nothing at the end, which
/// averages the noise of the last steps away.
learning_rate_schedule annealed_step(double initial, double epochs,
                                     double rate);

/// step(t) = first(t) for t < epochs, then(t) after.
learning_rate_schedule two_stage_step(learning_rate_schedule first,
                                      double epochs,
                                      learning_rate_schedule then);

/// The first `epochs` epochs rise linearly from start * rule(t) to rule(t)
/// (Goyal et al. 2017, section 2.2, where start = 1 / replicas).
learning_rate_schedule warm_up(learning_rate_schedule rule, double epochs,
                               double start = 0.0);

}  // namespace sounder::kernels

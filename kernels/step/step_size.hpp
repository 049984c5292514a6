#pragma once

#include <functional>
#include <vector>

namespace sounder::kernels {

/// A step-size rule: epochs done so far, fraction included, to step size
/// (the papers' gamma or eta). A rule of your own is any callable:
///
///   plan.step_size = [](double epoch) { return 0.5 / (1 + epoch * epoch); };
///
/// A replica evaluates it for every chunk of samples ahead of its workers, and
/// replicas are many, so it must be a pure function.
using step_size_rule = std::function<double(double epoch)>;

/// step(t) = initial.
step_size_rule constant_step(double initial);

/// step(t) = initial * factor^floor(t): the rule of HOGWILD! (beta).
step_size_rule decaying_step(double initial, double factor);

/// step(t) = initial * (1 - t / epochs)^power, 0 from `epochs` on.
step_size_rule polynomial_step(double initial, double epochs, double power);

/// step(t) = initial * factor^k, k = milestones passed at t.
step_size_rule multi_step(double initial, double factor,
                          std::vector<double> milestones);

/// step(t) = initial / (1 + rate * t). With rate = initial * l2 * rows this
/// is Bottou's rule for an l2-regularised objective ("Stochastic Gradient
/// Descent Tricks", 2012, section 5.2).
step_size_rule inverse_time_step(double initial, double rate);

/// step(t) = initial * (1 - t / epochs) / (1 + rate * t), 0 from `epochs` on:
/// Bottou's rule while the penalty rules, and down to nothing at the end, which
/// averages the noise of the last steps away.
step_size_rule annealed_step(double initial, double epochs, double rate);

/// step(t) = first(t) for t < epochs, then(t) after.
step_size_rule two_stage_step(step_size_rule first, double epochs,
                              step_size_rule then);

/// The first `epochs` epochs rise linearly from start * rule(t) to rule(t)
/// (Goyal et al. 2017, section 2.2, where start = 1 / replicas).
step_size_rule warm_up(step_size_rule rule, double epochs, double start = 0.0);

}  // namespace sounder::kernels

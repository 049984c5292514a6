#pragma once

#include <memory>

#include "kernels/model/objective.hpp"

namespace sounder::kernels {

/// What a replica makes of a stochastic gradient g. w are the parameters, eta
/// the step size; v, m and u start at 0 and stay with the replica.
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

/// The objective, stepped by the rule: one for each replica, whose workers
/// share its state without a lock, as they do the parameters.
///
/// Every step reads and writes all parameters: it costs O(dimension) however
/// sparse the samples; LARS reads them twice, and once for each class where
/// classes lie interleaved. The plain rule is the objective itself.
/// Throws std::invalid_argument for a momentum or beta outside [0, 1), a
/// negative epsilon or decay, or a trust that is not positive.
std::shared_ptr<const objective> with_optimizer(
    std::shared_ptr<const objective> model, const optimizer& rule);

}  // namespace sounder::kernels

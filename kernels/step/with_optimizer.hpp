#pragma once

#include <memory>

#include "kernels/step/optimizer.hpp"

namespace sounder::kernels {

/// The objective, stepped by the rule with the state in sgd_chunk::optimizer:
/// that of a replica, whose workers share it without a lock, as they do the
/// parameters.
///
/// Every step reads and writes all parameters: it costs O(dimension) however
/// sparse the samples; LARS reads them twice, and once for each class where
/// classes lie interleaved. The plain rule is the objective itself.
/// Throws std::invalid_argument as check() does.
std::shared_ptr<const objective> with_optimizer(
    std::shared_ptr<const objective> model, const optimizer& rule);

}  // namespace sounder::kernels

#pragma once

#include <cstdint>

#include "kernels/data/dataset.hpp"
#include "kernels/model/objective.hpp"

namespace sounder::actors {

/// The objective at the parameters that training starts from
/// (objective::initialise), on some of the rows from all over the set: what a
/// model must not be worse than. Exact where the start gives all rows the same
/// loss, as a linear classifier's zeros do.
/// Cost: an evaluation of at most 2,048 rows, of costly models of four of
/// their evaluation batches; never of a row twice.
double loss_at_start(const kernels::objective& objective,
                     const kernels::dataset& data, std::uint64_t seed);

}  // namespace sounder::actors

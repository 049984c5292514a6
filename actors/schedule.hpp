#pragma once

// How an epoch is cut into chunks, and which step size and scale each chunk
// starts with. Pure arithmetic: the same for every worker and every run.

#include <cstddef>
#include <cstdint>
#include <vector>

#include "kernels/model/objective.hpp"
#include "kernels/step/step_size.hpp"

namespace sounder::actors {

/// Samples [first, last) of an epoch's walk.
struct chunk_range {
  std::size_t first = 0;
  std::size_t last = 0;
};

/// What a chunk's steps start with.
struct chunk_start {
  double step_size = 0.0;
  double scale = 1.0;
};

/// Cuts an epoch of `rows` samples into chunks of about `chunk_rows`, whole
/// batches each. With several workers the last chunks are smaller, so that
/// nobody waits long for the last one.
std::vector<chunk_range> cut_epoch(std::size_t rows, std::size_t batch_size,
                                   std::size_t chunk_rows, unsigned workers);

/// Samples in a chunk that takes about 0.1 ms: 64 Ki stored values.
std::size_t default_chunk_rows(std::uint64_t stored_values, std::size_t rows);

/// The samples after which the scale has fallen to `least`, in whole batches,
/// one at least, when each batch multiplies it by `shrink`.
std::size_t rows_until_scale(double least, double shrink,
                             std::size_t batch_size);

/// Chunks of a run are numbered through: chunk c of epoch e is
/// e * chunks_an_epoch + c. A leg is the stretch [first, last) of them that
/// workers walk without a rendezvous.
struct leg_schedule {
  std::size_t first = 0;
  std::size_t last = 0;
  std::vector<chunk_start> starts;  // one a chunk
  double end_scale = 1.0;           // after the last one

  /// The scale after `done` chunks of the leg.
  double scale_after(std::size_t done) const noexcept {
    return done < starts.size() ? starts[done].scale : end_scale;
  }
};

/// A scale below this is folded into the weights, which are stored divided by
/// it: far enough from the ends of float for weights of any sane size.
constexpr double least_scale = 1e-25;

/// The schedule from chunk `first` up to `last`, or shorter: a leg ends before
/// its scale falls below least_scale, for the replica to fold it.
leg_schedule plan_leg(const std::vector<chunk_range>& epoch,
                      std::size_t batch_size, std::size_t first,
                      std::size_t last, const kernels::objective& objective,
                      const kernels::step_size_rule& rule);

/// What the rule says at the beginning of each of the first `chunks` chunks.
std::vector<double> steps_of(const std::vector<chunk_range>& epoch,
                             const kernels::step_size_rule& rule,
                             std::size_t chunks);

/// The same with the step sizes of a run's chunks.
leg_schedule plan_leg(const std::vector<chunk_range>& epoch,
                      std::size_t batch_size, std::size_t first,
                      std::size_t last, const kernels::objective& objective,
                      const std::vector<double>& steps);

}  // namespace sounder::actors

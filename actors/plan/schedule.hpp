#pragma once

// How an epoch is cut into chunks, and which step size and scale each chunk
// starts with. Pure arithmetic: the same for every worker and every run.

#include <cstddef>
#include <cstdint>
#include <vector>

#include "kernels/model/objective.hpp"
#include "kernels/step/schedule.hpp"

namespace sounder::actors {

/// a / b, rounded up.
constexpr std::size_t ratio_up(std::size_t a, std::size_t b) noexcept {
  return (a + b - 1) / b;
}

/// Samples [first, last) of an epoch's walk.
struct chunk_range {
  std::size_t first = 0;
  std::size_t last = 0;
};

/// Numbers things through a run: epoch e has counts[e] of them, and the last
/// count is that of all further epochs.
class numbering {
 public:
  struct place {
    std::size_t epoch = 0;
    std::size_t within = 0;
  };

  explicit numbering(const std::vector<std::size_t>& counts = {});

  /// The number of the epoch's first.
  std::size_t before(std::size_t epoch) const noexcept;
  place place_of(std::size_t number) const noexcept;

 private:
  std::vector<std::size_t> first_;  // of the epochs with a count of their own
  std::size_t last_count_;
};

/// How an epoch is walked: in batches, cut into chunks, and these into the
/// phases between meetings.
struct epoch_cut {
  std::size_t batch_size = 1;
  std::vector<chunk_range> chunks;
  /// The chunk that each phase ends before. As many phases at every replica.
  std::vector<std::size_t> phase_ends;

  std::size_t batches(const chunk_range& chunk) const noexcept {
    return ratio_up(chunk.last - chunk.first, batch_size);
  }
};

/// How the epochs of a run are walked: one cut an epoch while they differ, the
/// last for all further ones.
class run_cut {
 public:
  explicit run_cut(std::vector<epoch_cut> epochs = {});

  const std::vector<epoch_cut>& epochs() const noexcept { return epochs_; }
  const epoch_cut& epoch(std::size_t number) const noexcept;
  /// Chunks and phases are numbered through the run.
  const numbering& chunks() const noexcept { return chunks_; }
  const numbering& phases() const noexcept { return legs_; }

 private:
  std::vector<epoch_cut> epochs_;
  numbering chunks_;
  numbering legs_;
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

/// Samples in a chunk of an epoch of `rows` so that step sizes, which move with
/// every chunk, move smoothly on small sets, too: a 32nd of them.
std::size_t smooth_chunk_rows(std::size_t rows) noexcept;

/// The samples after which the scale has fallen to `least`, in whole batches,
/// one at least, when each batch multiplies it by `shrink`.
std::size_t rows_until_scale(double least, double shrink,
                             std::size_t batch_size);

/// A local phase is the stretch [first, last) of a run's chunks that workers
/// walk without a rendezvous.
struct phase_schedule {
  std::size_t first = 0;
  std::size_t last = 0;
  std::vector<chunk_start> starts;  // one a chunk
  double end_scale = 1.0;           // after the last one

  /// The scale after `done` chunks of the phase.
  double scale_after(std::size_t done) const noexcept {
    return done < starts.size() ? starts[done].scale : end_scale;
  }
};

/// A scale below this is folded into the weights, which are stored divided by
/// it: far enough from the ends of float for weights of any sane size.
constexpr double least_scale = 1e-25;

/// The schedule from chunk `first` up to `last`, or shorter: a local phase ends
/// before its scale falls below least_scale, for the replica to fold it.
phase_schedule plan_phase(const run_cut& cut, std::size_t first,
                          std::size_t last, const kernels::objective& objective,
                          const kernels::learning_rate_schedule& rule);

/// The step sizes of chunks in a row, for where the rule is not at hand: most
/// rules keep theirs for many chunks, so runs of the same size are one entry.
struct step_table {
  std::uint64_t first = 0;           // chunk
  std::vector<std::uint64_t> ends;   // the chunk that each run ends before
  std::vector<std::uint64_t> sizes;  // the bits of a double, which may travel

  bool is_empty() const noexcept { return ends.empty(); }
  void add(double size);
  /// Throws std::out_of_range.
  double at(std::size_t chunk) const;
};

/// What the rule says at the beginning of each chunk of these epochs.
step_table steps_of(const run_cut& cut,
                    const kernels::learning_rate_schedule& rule,
                    std::size_t first_epoch, std::size_t last_epoch);

/// The same with the step sizes of a run's chunks.
phase_schedule plan_phase(const run_cut& cut, std::size_t first,
                          std::size_t last, const kernels::objective& objective,
                          const step_table& steps);

}  // namespace sounder::actors

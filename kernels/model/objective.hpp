#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "kernels/data/dataset.hpp"

namespace sounder::kernels {

struct optimizer_state;  // step/optimizer.hpp

/// Sums over a set of samples; divide by the rows for means. The loss is
/// weighted, errors and rows are counts.
struct loss_sums {
  double loss = 0.0;
  std::uint64_t errors = 0;  // misclassified; always 0 for regression
  std::uint64_t rows = 0;

  loss_sums& operator+=(const loss_sums& other) noexcept {
    loss += other.loss;
    errors += other.errors;
    rows += other.rows;
    return *this;
  }
};

/// Parameters that belong together, as those of a layer or a class do: the
/// coordinates first + k * stride, k < count.
struct parameter_block {
  std::string name;
  std::size_t first = 0;
  std::size_t count = 0;
  std::size_t stride = 1;
};

/// A run of SGD steps by one worker on a vector that others may be writing.
struct sgd_chunk {
  const dataset* data = nullptr;
  std::span<const std::uint32_t> rows;  // in the order of the walk
  float* weights = nullptr;             // the worker's view of the vector
  std::size_t batch_size = 1;
  double step_size = 0.0;

  /// The true parameters are scale * weights (objectives that keep
  /// `uses_scale`; 1 for all others): the scale before the first step.
  double scale = 1.0;

  /// What random layers draw from, each sample with its row: another one in
  /// every chunk of the run.
  std::uint64_t seed = 0;

  /// What an optimizer has kept for these weights; null where there is none.
  optimizer_state* optimizer = nullptr;
};

/// Scratch memory of one worker, reused from chunk to chunk.
struct worker_scratch {
  std::vector<float> row;      // a row as floats
  std::vector<float> batch;    // the rows of a dense batch as floats
  std::vector<float> pending;  // what `look` leaves for `write`
};

/// Step sizes that suit some data when the step falls to nothing at the end of
/// the run. 0: nothing is known.
struct usual_steps {
  double alone = 0.0;  // of one replica
  double most = 0.0;   // of many whose moves are averaged; never less
};

/// What is minimised: mean loss over the samples, weighted where the data set
/// has weights c_i, plus a penalty:
///
///   F(w) = (1 / n) sum_i c_i loss_i(w) + penalty(w),   n the number of samples
///
/// The parameters are one flat vector, so that every exchange, discipline
/// and file format works on every model. A model of your own overrides
/// `dimension`, `add_gradient`, `evaluate` and `predict`; the linear family
/// (linear.hpp) overrides the rest for speed.
///
/// Threads: all const members may run from many threads at once. `weights`
/// may change under a reader (HOGWILD!): read through relaxed accesses
/// (shared_vector.hpp) what other threads write.
class objective {
 public:
  virtual ~objective() = default;

  /// Length of the parameter vector.
  virtual std::size_t dimension() const noexcept = 0;

  /// The first coordinates are parameters that a optimizer moves. Those from
  /// here on are statistics, as the running means of batch norm: they travel
  /// with the parameters, but whatever the rule and the step size a step
  /// replaces s by s - g, g what find_gradient has left there.
  virtual std::size_t trainable() const noexcept { return dimension(); }

  /// The least batch that a step makes sense with: 2 with batch norm. An epoch
  /// leaves out what its last batch has when that is less.
  virtual std::size_t least_batch() const noexcept { return 1; }

  /// Layout of parameter blocks, for LARS and reports: every trainable
  /// parameter is in one of them. A single block of everything by default.
  virtual std::vector<parameter_block> blocks() const;

  /// Values per sample that `predict` writes: 1, or one per class.
  virtual std::size_t outputs() const noexcept { return 1; }

  /// Whether samples have classes, and evaluations errors to count.
  virtual bool classifies() const noexcept { return true; }

  /// The same start on every replica for the same seed; zeros by default.
  virtual void initialise(std::span<float> weights, std::uint64_t seed) const;

  /// Adds the gradient of the mean loss over `rows` (at least one), penalty
  /// included, to `gradient`: (1 / rows) sum_i c_i grad loss_i, with c_i =
  /// data.weights()[i], 1 where there are none. The weights are the objective's
  /// to use, here and in evaluate(): nobody else multiplies by them.
  virtual void add_gradient(const dataset& data,
                            std::span<const std::uint32_t> rows,
                            const float* weights,
                            std::span<float> gradient) const = 0;

  /// Sets `gradient` to that of a batch at batch.weights: add_gradient() from
  /// 0 by default. What draws does so by batch.seed.
  virtual void find_gradient(const sgd_chunk& batch,
                             std::span<float> gradient) const;

  /// The rows that evaluate() takes at a time: it costs least for multiples.
  virtual std::size_t evaluation_batch() const noexcept { return 1; }

  /// Loss sums over rows [first, last), without the penalty: sum_i c_i loss_i.
  /// Errors and rows are counts, whatever the weights.
  virtual loss_sums evaluate(const dataset& data, std::size_t first,
                             std::size_t last, const float* weights) const = 0;

  /// The penalty, to be added to the mean loss.
  virtual double penalty(const float* weights) const {
    static_cast<void>(weights);
    return 0.0;
  }

  /// Decision values of rows [first, last): outputs() floats a row.
  virtual void predict(const dataset& data, std::size_t first, std::size_t last,
                       const float* weights, float* values) const = 0;

  /// Whether the shrinking of the weights by the penalty is kept in a
  /// factor outside them: see `shrink`.
  virtual bool uses_scale() const noexcept { return false; }

  /// What one step multiplies the scale by: 1 - step_size * l2.
  virtual double shrink(double step_size) const noexcept {
    static_cast<void>(step_size);
    return 1.0;
  }

  /// The fastest rate at which the penalty shrinks a weight: a step size that
  /// brings step_size * rate to 1 or more would turn the weight round.
  virtual double shrinking_rate() const noexcept { return 0.0; }

  /// Whether a step on sparse rows writes no parameters but those of the
  /// features in these rows. Where every feature has a lock, steps that may
  /// write others (the default) take all locks.
  virtual bool writes_sparsely() const noexcept { return false; }

  /// How many of the first coordinates are worth keeping private to a worker
  /// (topology::lock_free): 0 when sharing plainly is best or nothing is
  /// known about which coordinates are popular.
  virtual std::size_t popular_head() const noexcept { return 0; }

  /// Steps through the rows, batch by batch, writing straight into
  /// chunk.weights: the lock-free hot loop.
  virtual void steps(const sgd_chunk& chunk, worker_scratch& scratch) const;

  /// The same step in two halves, for disciplines that order or lock the
  /// writes. `look` reads the weights, leaves what the step needs in the
  /// scratch and returns whether there is anything to write; `write` applies
  /// it. Both see one batch (all of chunk.rows).
  virtual bool look(const sgd_chunk& batch, worker_scratch& scratch) const;
  virtual void write(const sgd_chunk& batch, worker_scratch& scratch) const;

  /// A line from which another process can make the same objective
  /// (linear.hpp: make_described); empty when it cannot be told.
  virtual std::string describe() const { return {}; }

  /// What its steps need to know of all training samples, for the process that
  /// makes the same objective and has only some of them; empty for most.
  virtual std::vector<float> learned() const { return {}; }

  /// What a step on a sample of `values` stored values takes, as a multiple of
  /// what a linear model takes for one of them. It decides how often replicas
  /// meet when a wiring does not say.
  virtual double row_cost(double values) const noexcept { return values; }

  /// Found in one look at some of the rows, the same for the same data.
  virtual usual_steps find_usual_steps(const dataset& data) const;

  /// The largest step size that cannot diverge on this data, as far as is
  /// known; 0 when nothing is known. For advice in messages.
  virtual double safe_step(const dataset& data) const;
};

}  // namespace sounder::kernels

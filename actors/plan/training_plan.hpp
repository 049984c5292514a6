#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <stop_token>
#include <string>
#include <vector>

#include "actors/wire/tls_files.hpp"
#include "kernels/data/row_order.hpp"
#include "kernels/exchange/exchange_rule.hpp"
#include "kernels/model/objective.hpp"
#include "kernels/step/optimizer.hpp"
#include "kernels/step/schedule.hpp"
#include "topology/graph.hpp"

namespace sounder::actors {

/// When train and test loss are computed. Never part of train_s.
enum class evaluation_mode {
  automatic,   // concurrent while a core is free for it, else between
  concurrent,  // on a snapshot, while the workers go on
  between,     // workers pause after the epoch and evaluate together
};

/// Conditions that end a run before its last epoch; all off by default.
struct stopping {
  std::optional<double> target_error;  // test error at most this
  std::optional<double> loss_change;   // |loss_t - loss_(t-1)| below this
  std::optional<unsigned> patience;    // epochs without a better loss
  std::optional<std::chrono::duration<double>> wall_clock;
};

/// The first of two stages: plain gradient descent, with the plan's weight
/// decay, while the batch grows in equal steps from `batch_size` to the plan's,
/// which the first epoch after the stage has. Then the plan's rule sets in.
///
/// Source: Wongpanich, You, Demmel, section 4.5.1 and figure 3, with Adam as
/// the rule after it.
struct gd_stage {
  unsigned epochs = 0;  // none
  /// Of the first epoch; by default as large as a step of the growth.
  std::optional<std::size_t> batch_size;
};

/// A chunk table is kept for each epoch of the stage.
constexpr unsigned most_gd_epochs = 1000;

/// All that defines a run but its data.
struct training_plan {
  topology::graph graph = topology::serial();
  std::shared_ptr<const kernels::objective> objective;
  kernels::learning_rate_schedule schedule = kernels::constant_step(0.1);
  kernels::optimizer optimizer;  // what a replica makes of a gradient
  gd_stage gd;                   // before it
  std::size_t batch_size = 1;
  unsigned epochs = 10;
  kernels::order_spec order;  // order.seed is ignored: see seed
  std::uint64_t seed = 1;

  /// One thread and a fixed schedule: the same plan and data give the same
  /// bits. For tests and for debugging, not for speed.
  bool deterministic = false;

  evaluation_mode evaluation = evaluation_mode::automatic;
  unsigned evaluate_every = 1;  // epochs; the last is always evaluated

  /// A loss above that of the initial parameters ends a run as diverged: after
  /// the last epoch, or, with this, at any evaluation.
  bool halts_above_start = false;

  /// How far a replica may be ahead of another before it waits, in epochs; see
  /// run_policy.hpp for what that is when not given.
  std::optional<double> max_lag;

  stopping stop;
  std::stop_token interrupt;  // e.g. of a signal handler

  /// Samples that a worker steps on between two looks at its mailbox; chosen
  /// for 0.1 ms when not given.
  std::optional<std::size_t> chunk_rows;

  /// Silence of a worker for this long, and what a chunk may take (by
  /// objective::row_cost), ends the run as stalled.
  std::chrono::milliseconds stall_deadline{30'000};

  /// Rules of your own, by the names of topology::custom exchanges.
  std::map<std::string, std::shared_ptr<const kernels::exchange_rule>>
      exchanges;

  /// Replicas with a place live on the node of that name, or, where the name
  /// is not here, at that address (HOST:PORT); see node.hpp.
  std::map<std::string, std::string> nodes;
  tls_files tls;
  /// How long a node may take to answer while the run is set up.
  std::chrono::milliseconds connect_deadline{30'000};
  /// For nodes that have the samples themselves: what to open, in whatever
  /// words their open_data understands.
  std::string data_source;
  /// For nodes that have samples of their own: how to read them in the terms
  /// of this run's, in the words of their open_part.
  std::string part_source;

  std::vector<float> start;  // parameters to go on from; empty: initialise
};

/// One for all in a process.
using plan_ptr = std::shared_ptr<const training_plan>;

/// Calls check(epoch, step size) for moments from the plan's start to its end,
/// eight an epoch and 8,192 at most, until it returns false. What rules do in
/// between is their own affair.
void for_each_checked_step(const training_plan& plan,
                           const std::function<bool(double, double)>& check);

/// Samples a step in an epoch, numbered from 0.
std::size_t batch_of(const training_plan& plan, unsigned epoch);

/// What is wrong with the sizes where `replicas` share `rows` samples and an
/// epoch walks `epoch_rows`.
std::vector<std::string> size_problems(const training_plan& plan,
                                       std::size_t rows, std::size_t replicas,
                                       std::size_t epoch_rows);

/// All problems that keep the plan from running on such data, in plain
/// words; empty when it is fine.
std::vector<std::string> validate(const training_plan& plan,
                                  const kernels::dataset& train_set,
                                  const kernels::dataset& test_set);

/// Throws std::invalid_argument with all problems, one a line, if there are
/// any.
void refuse(const std::vector<std::string>& problems);

}  // namespace sounder::actors

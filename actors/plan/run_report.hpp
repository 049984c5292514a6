#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "actors/plan/link_record.hpp"

namespace sounder::actors {

/// One evaluation, at the end of an epoch. Times are seconds since the run
/// started; train_s counts steps and exchanges only, as wall time. Checkpoints
/// list the fields: keep_record in actors/run/checkpoint.cpp.
struct epoch_record {
  unsigned epoch = 0;  // epochs done, from 1
  double time_s = 0.0;
  double train_s = 0.0;               // cumulative
  std::uint64_t samples = 0;          // cumulative, stepped on
  std::uint64_t nonzeros = 0;         // cumulative, of those samples
  double samples_per_s = 0.0;         // since the last record
  double nonzeros_per_s = 0.0;        // since the last record
  double step_size = 0.0;             // at the end of the epoch
  std::size_t batch_size = 0;         // of the epoch
  double train_loss = 0.0;            // objective: mean loss + penalty
  std::optional<double> train_error;  // fraction; none for regression
  double penalty = 0.0;               // part of train_loss
  std::optional<double> test_loss;    // mean loss, without the penalty
  std::optional<double> test_error;   // fraction
};

/// Where the time of a replica's worker went, in seconds.
struct time_split {
  double computing = 0.0;
  double exchanging = 0.0;
  double waiting = 0.0;

  time_split& operator+=(const time_split& other) noexcept {
    computing += other.computing;
    exchanging += other.exchanging;
    waiting += other.waiting;
    return *this;
  }
};

enum class stop_reason {
  epochs_done,
  target_reached,  // test error (train error without a test set)
  loss_settled,    // the loss changed less than asked
  patience_spent,  // no better loss for so many epochs
  time_spent,      // wall-clock limit
  interrupted,     // plan.interrupt
  diverged,        // not finite, or worse than the start
  peer_lost,       // a node of the run is gone
  stalled,         // a worker made no progress within the deadline
};

std::string_view name(stop_reason reason) noexcept;

/// A node's samples of its own.
struct own_part {
  std::string node;  // HOST:PORT
  std::uint64_t rows = 0;
};

/// What a run left behind. Divergence and the like are results, not errors.
struct run_report {
  actors::stop_reason stop_reason = stop_reason::epochs_done;
  std::vector<epoch_record> epochs;
  /// Those of the last record; of the very end when cut short in an epoch.
  std::vector<float> parameters;
  double total_s = 0.0;  // wall time of the run
  double train_s = 0.0;
  std::uint64_t samples = 0;
  std::vector<link_record> links;      // that have met
  std::vector<own_part> parts;         // of nodes that have one
  std::uint64_t epoch_samples = 0;     // that all replicas together walk
  time_split times;                    // of all replicas together
  std::optional<unsigned> checkpoint;  // epoch of the newest one written
  std::string checkpoint_problem;      // the last that was met with them
  std::string message;                 // a line for people when not all is well
};

}  // namespace sounder::actors

#pragma once

// A replica's way from one evaluation to the next: phases, which its workers
// walk, and between them meetings, which the last one to arrive attends.

#include <atomic>
#include <cstdint>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "actors/plan/run_report.hpp"
#include "actors/replica/dealt_walk.hpp"
#include "actors/replica/local_phase.hpp"
#include "actors/replica/replica_state.hpp"
#include "actors/wire/signal.hpp"

namespace sounder::actors {

/// Of the workers of a phase the last one to leave it leads; phases are
/// numbered by `generation_`, on through the run.
///
///   worker   walks the phase -> leaves -> waits for the next generation ...
///   leader   walks the phase -> leaves, the last one: leads
///              rest       takes what the phase has left: a scale, a gradient
///              next       takes a phase, its own or of who is behind
///              together   waits for replicas that are far behind
///              meetings   in their order, the optimizer's step in between
///              settle     what others see is up to date
///              delivered  at the job's end: what was sent has arrived
///            -> the next phase: phase_, then generation_ + 1, then a signal
///
/// So `phase_` and all that the leader writes is written while nobody reads it:
/// everybody has left, and reads it anew after the new generation. A leader
/// that has to wait sleeps some milliseconds, returns to its mailbox and comes
/// back to where it was: `rested_`, `next_meeting_` and each meeting's own
/// state say where. Who waits for the generation does the same.
///
/// An interrupt, or a lost node, sets `stopped_`: the phase at hand ends early,
/// meetings are not held any more, and the job is not complete.
///
/// Threads: work() from the replica's workers; the results when all have left.
class training_job : public job {
 public:
  /// From the phase where the replica is up to chunk `goal`, numbered from the
  /// run's start, or what was dealt of that. Throws as dealt_walk does.
  training_job(std::shared_ptr<const replica_setup> setup,
               std::shared_ptr<replica_state> state, std::size_t goal,
               assignment dealt = {});

  bool work(worker_slot& slot) override;
  std::uint64_t progress() const noexcept override {
    return state_->samples.load() + meetings_held_.load();
  }
  std::string waits_for() const override;
  bool is_idle(unsigned worker) const noexcept override {
    return left_by_[worker].load() == generation_.load();
  }

  bool is_complete() const noexcept { return !stopped_; }
  /// From the moment its first worker started until the last meeting ended.
  std::chrono::steady_clock::time_point begin() const noexcept {
    return begin_;
  }
  std::chrono::steady_clock::time_point end() const noexcept { return end_; }
  double step_size() const noexcept { return state_->step_size; }
  const time_split& times() const noexcept { return times_; }

 private:
  using clock = std::chrono::steady_clock;

  bool go_on(worker_slot& slot);
  bool lead(worker_slot& slot);
  void rest();
  bool meet();
  bool keep_together();
  stretch first(assignment dealt);
  bool shares_way() const noexcept { return state_->ways || dealt_; }
  bool takes_next();
  /// By which replicas keep together: where all share, phases of all.
  std::uint64_t reached() const noexcept {
    return state_->ways ? state_->ways->taken() : state_->phases_walked;
  }
  bool is_free() const;
  bool is_last_phase() const;
  std::uint64_t goal_phases() const;
  bool has_delivered(const step_context& now);
  bool hold_meetings(const step_context& now);
  void step();
  void waited(std::string whom, clock::time_point since);
  template <class Try>
  bool try_with(const Try& meet);
  bool next_phase();
  void turn_into(stretch next);
  void start_phase();
  bool finish();

  std::shared_ptr<const replica_setup> setup_;
  std::shared_ptr<replica_state> state_;
  const std::size_t goal_;
  const bool at_goal_;

  // Of the phase; written by the leader while the others wait for the next
  // generation.
  stretch stretch_;              // whose phase
  std::optional<stretch> next_;  // after it, where ways are shared
  std::optional<dealt_walk> dealt_;
  std::shared_ptr<local_phase> phase_;
  std::size_t next_chunk_;
  std::size_t next_meeting_ = 0;
  bool rested_ = false;
  bool at_phase_end_ = false;
  std::uint64_t phases_after_ = 0;  // walked, when it is over
  clock::time_point rested_at_;
  clock::duration waited_{0};
  clock::duration stepped_{0};  // by the leader, between meetings
  bool stopped_ = false;
  time_split times_;
  clock::time_point begin_ = clock::time_point::max();
  clock::time_point end_ = clock::time_point::min();

  // Shared by the workers.
  std::atomic<std::uint64_t> generation_;
  std::atomic<unsigned> left_{0};
  std::vector<std::atomic<std::uint64_t>> left_by_;  // last phase, by worker
  std::atomic<bool> finished_{false};
  std::atomic<std::uint64_t> meetings_held_{0};
  signal changed_;
  mutable std::mutex whom_lock_;
  std::string whom_;
};

}  // namespace sounder::actors

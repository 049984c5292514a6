#pragma once

// A local phase: the stretch of a run that the workers of one replica walk
// without a rendezvous. The disciplines inside a replica live here.

#include <atomic>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <mutex>
#include <optional>
#include <stop_token>
#include <vector>

#include "actors/plan/replica_setup.hpp"
#include "actors/plan/schedule.hpp"
#include "actors/replica/job.hpp"
#include "actors/replica/replica_state.hpp"
#include "actors/replica/write_order.hpp"

namespace sounder::actors {

/// The stretch of chunks between two rests of a replica. Each worker:
///
///   arrive --> claim a chunk, step on its rows --> ... --> leave
///
/// Chunks are claimed from one counter, so a fast worker takes more; the last
/// ones are small. What a step writes, it writes by the replica's sharing rule:
///
///   lock_free        straight into the vector, or into a private head that is
///                    exchanged every head_every samples and when it leaves
///   write_lock,      gradients side by side, each written under a lock: of the
///   coordinate_lock  vector, or of the coordinates that it touches
///   cyclic_turns     not by chunk: worker k takes batches k, k + N, ..., and
///                    each is written after the one before it
///
/// Where the phase stops at a gradient, its one batch is looked at by whoever
/// claims it, and the step is made when the meetings before it are over.
///
/// Threads: work() from the replica's workers; the results when all have left.
class local_phase : public job {
 public:
  using clock = std::chrono::steady_clock;

  /// Of a replica, along its own way or another's.
  local_phase(std::shared_ptr<const replica_setup> setup,
              std::shared_ptr<replica_state> state, way along,
              phase_schedule schedule);

  bool work(worker_slot& slot) override;
  std::uint64_t progress() const noexcept override {
    return samples_.load(std::memory_order_relaxed);
  }
  clock::time_point begin() const noexcept { return begin_; }

  /// From the moment the first worker started until the last one left.
  std::chrono::nanoseconds duration() const noexcept { return end_ - begin_; }
  std::uint64_t samples() const noexcept { return samples_; }
  /// Whether it was walked to its end: false after an interrupt or the end
  /// of the time.
  bool is_complete() const noexcept { return !stopped_; }
  /// The scale to fold into the vector.
  double scale() const noexcept;
  const phase_schedule& schedule() const noexcept { return schedule_; }

  // Of a phase that stops at the gradient of its one batch; for the one who
  // found all workers at rest.
  /// Gradient and step size; where there was no batch, 0 and `step_size`.
  std::span<float> gradient(double step_size);
  /// What the optimizer makes of them.
  void step();

 private:
  void arrive(worker_slot& slot);
  void count(std::size_t samples) noexcept;
  bool leave(worker_slot& slot);
  bool should_stop();
  bool stops_at_gradient() const noexcept {
    return along_.setup->stops_at_gradient(schedule_.first);
  }
  kernels::sgd_chunk open_chunk(worker_slot& slot, std::size_t chunk);
  float* weights_of(worker_slot& slot) const noexcept;

  // HOGWILD!, and the two locks.
  bool walk_chunk(worker_slot& slot);
  void step_lock_free(worker_slot& slot, kernels::sgd_chunk chunk);
  void step_guarded(worker_slot& slot, kernels::sgd_chunk chunk);
  void write_guarded(worker_slot& slot, const kernels::sgd_chunk& batch);

  // Round-robin.
  bool walk_in_turn(worker_slot& slot);
  kernels::sgd_chunk open_batch(worker_slot& slot, std::size_t batch);

  std::shared_ptr<const replica_setup> setup_;
  std::shared_ptr<replica_state> state_;
  way along_;
  const kernels::objective& objective_;
  phase_schedule schedule_;
  std::vector<std::size_t> first_batch_;  // of each chunk, and the end

  // Shared by the workers.
  std::atomic<std::size_t> next_chunk_{0};
  turns turns_;
  struct closing {
    turns& order;
    void operator()() const noexcept { order.close(); }
  };
  std::stop_callback<closing> close_turns_;  // when another worker has failed
  std::atomic<bool> stopped_{false};
  std::atomic<std::uint64_t> samples_{0};
  std::mutex times_lock_;
  clock::time_point begin_ = clock::time_point::max();
  clock::time_point end_ = clock::time_point::min();
};

}  // namespace sounder::actors

#pragma once

// A leg: the stretch of a run that the workers of one replica walk without a
// rendezvous. The disciplines inside a replica live here.

#include <atomic>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <mutex>
#include <optional>
#include <stop_token>
#include <vector>

#include "actors/job.hpp"
#include "actors/loss.hpp"
#include "actors/schedule.hpp"
#include "actors/training_plan.hpp"
#include "actors/write_order.hpp"
#include "kernels/data/row_order.hpp"
#include "kernels/data/shard.hpp"
#include "kernels/exchange/all_reduce.hpp"

namespace sounder::actors {

/// What stays the same for all legs of a replica; set once.
struct replica_setup {
  training_plan plan;  // its objective takes the steps of the plan's rule
  std::shared_ptr<const kernels::objective> gd_objective;  // of the gd stage
  kernels::dataset data;
  topology::sharing_rule sharing;
  unsigned workers = 1;
  std::size_t replica = 0;     // its number in the graph
  kernels::segment holds{};    // coordinates of its vector
  kernels::shard rows;         // of the data
  std::size_t head = 0;        // coordinates private to a worker
  std::size_t head_every = 1;  // samples between exchanges
  run_cut cut;
  std::optional<std::chrono::steady_clock::time_point> end_by;
  std::stop_token stop;  // the run's own, besides plan.interrupt
  std::shared_ptr<loss> lost = std::make_shared<loss>();

  /// Puts the plan in, and its rules on its objective.
  void adopt(const training_plan& whole);

  /// The first chunk after the gd stage.
  std::size_t gd_end() const noexcept {
    return cut.chunks().before(plan.gd.epochs);
  }
  const kernels::objective& objective_at(std::size_t chunk) const noexcept {
    return chunk < gd_end() ? *gd_objective : *plan.objective;
  }
};

/// How the local steps of all replicas are cut into legs: a leg has `batches`
/// of them (0: an epoch's) at the replica that has most samples, `rows` of
/// them, and in proportion fewer at the others; an epoch has as many legs
/// everywhere.
struct leg_cut {
  std::size_t batches = 0;
  std::size_t rows = 0;
};

/// What schedules have to know of a data set.
struct data_shape {
  std::size_t rows = 0;
  std::uint64_t nonzeros = 0;

  static data_shape of(const kernels::dataset& data) {
    return {data.rows(), data.nonzeros()};
  }
};

/// The coordinates that a replica of the graph holds: all, but of a hub in
/// several parts.
kernels::segment segment_held(const training_plan& plan, std::size_t replica);

/// Works out what the plan leaves open for a replica that walks `rows` of data
/// of that shape; the data itself is put in later.
replica_setup set_up(const training_plan& plan, const data_shape& shape,
                     std::size_t replica, kernels::shard rows, leg_cut legs);
/// For the one replica that walks all rows and meets nobody.
replica_setup set_up(const training_plan& plan, const kernels::dataset& data,
                     std::size_t replica);

/// A replica's memory: the shared vector and what guards it.
struct replica_memory {
  explicit replica_memory(const replica_setup& setup);

  kernels::shared_vector vector;
  kernels::row_order order;
  std::atomic<std::uint64_t> samples{0};  // stepped on
  std::mutex write_lock;                  // topology::write_lock
  coordinate_locks coordinate_lock;       // topology::coordinate_lock
};

/// Threads: work() from the replica's workers; the results when all have left.
class training_leg : public job {
 public:
  using clock = std::chrono::steady_clock;

  training_leg(std::shared_ptr<const replica_setup> setup,
               std::shared_ptr<replica_memory> memory, leg_schedule schedule);

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
  const leg_schedule& schedule() const noexcept { return schedule_; }

 private:
  void arrive(worker_slot& slot);
  void count(std::size_t samples) noexcept;
  bool leave(worker_slot& slot);
  bool should_stop();
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
  std::shared_ptr<replica_memory> memory_;
  const kernels::objective& objective_;
  leg_schedule schedule_;
  std::vector<std::size_t> first_batch_;  // of each chunk, and the end

  // Shared by the workers.
  std::atomic<std::size_t> next_chunk_{0};
  turns turns_;
  struct closing {
    turns& order;
    void operator()() const noexcept { order.close(); }
  };
  std::stop_callback<closing> close_turns_;  // when another worker has failed
  std::atomic<unsigned> arrived_{0};
  std::atomic<bool> stopped_{false};
  std::atomic<std::uint64_t> samples_{0};
  std::mutex times_lock_;
  clock::time_point begin_ = clock::time_point::max();
  clock::time_point end_ = clock::time_point::min();
};

}  // namespace sounder::actors

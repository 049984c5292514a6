#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "kernels/model/objective.hpp"
#include "kernels/shared_vector.hpp"

namespace sounder::actors {

/// What a worker brings to every job: its number and memory it reuses.
struct worker_slot {
  unsigned index = 0;
  kernels::worker_scratch scratch;
  const void* working_on = nullptr;  // the phase that has seen this worker
  const void* walks_on = nullptr;    // the training job that it has begun
  std::uint64_t phase_left = 0;      // the last phase it has left, numbered on
  bool leads = false;                // was the last to leave: attends meetings

  std::vector<std::uint32_t> rows;  // of chunk `chunk` of the job
  std::size_t chunk = 0;
  std::vector<std::uint32_t> locked;  // features under a coordinate lock

  // HOGWILD! with a private head: this worker's view of the vector, and what
  // keeps the vector alive as long.
  std::shared_ptr<const void> viewed;
  std::unique_ptr<kernels::private_head> view;
  std::size_t since_exchange = 0;  // samples

  // Round-robin: the batch whose gradient waits for its turn.
  std::size_t batch = 0;
  bool looked = false;
  bool moves = false;
};

/// Work that several workers share by claiming pieces of it. A worker calls
/// work() until it says false, looking at its mailbox in between.
///
/// Threads: any number of workers, each with a slot of its own.
class job {
 public:
  virtual ~job() = default;

  /// Does the next piece, 0.1 to 1 ms of it. False when nothing is left for
  /// this worker.
  virtual bool work(worker_slot& slot) = 0;

  /// Counts on while anybody gets anywhere; for the watch.
  virtual std::uint64_t progress() const noexcept = 0;

  /// Whether the worker has nothing to do for now but to wait for others.
  virtual bool is_idle(unsigned worker) const noexcept {
    static_cast<void>(worker);
    return false;
  }

  /// Whom it waits for, for people; empty when it does not.
  virtual std::string waits_for() const { return {}; }
};

using job_ptr = std::shared_ptr<job>;

}  // namespace sounder::actors

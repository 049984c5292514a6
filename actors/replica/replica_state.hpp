#pragma once

// All that changes of a replica, apart from what describes it: checkpoints,
// joining and moving stand on it.

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <span>
#include <vector>

#include "actors/plan/replica_setup.hpp"
#include "actors/replica/peer_failure.hpp"
#include "actors/replica/shared_walk.hpp"
#include "actors/replica/write_order.hpp"
#include "actors/sync/lag_limiter.hpp"
#include "actors/sync/local_end.hpp"
#include "actors/sync/meeting.hpp"
#include "actors/sync/state_archive.hpp"
#include "actors/sync/target.hpp"
#include "kernels/data/row_order.hpp"
#include "kernels/shared_vector.hpp"
#include "kernels/step/optimizer.hpp"

namespace sounder::actors {

class start_line;

/// Made only in the process where the replica lives. A hub has a vector and how
/// others meet it, and does not walk.
///
/// What is drawn follows from the plan's seed and the place in the walk; only
/// meetings that draw have a random stream. A network's statistics are a part
/// of its vector. Others of this process and what guards the vector come back
/// with the plan, measurements do not.
///
/// Threads: as its parts say; keep() needs all at rest.
struct replica_state {
  explicit replica_state(const replica_setup& setup);

  /// Its parameters as others see them, and what waits unread, at rest.
  std::vector<float> whole() const;

  /// All that changes, from the end of a training job to the next: then nobody
  /// is within a meeting, and all that was sent is delivered.
  void keep(state_archive& all);

  // What changes.
  kernels::shared_vector vector;
  kernels::optimizer_state optimizer;     // none at a hub
  std::atomic<std::uint64_t> samples{0};  // stepped on
  std::uint64_t phases_walked = 0;        // of its own way, by it or by others
  std::uint64_t phases_done = 0;          // by it, of its own way or of others'
  double step_size = 0.0;                 // the last
  float largest_step = 0.0F;              // the first that was not 0
  bool is_within_job = false;             // or was stopped there
  std::optional<local_end> own;           // of one that steps
  std::vector<std::unique_ptr<meeting>> meetings;  // in the order of the graph
  std::shared_ptr<target> met;  // how others meet it, if they do
  /// What keeps the far ends of links that come by streams.
  std::vector<std::function<void(state_archive&)>> far_ends;

  // What guards the vector, and between the phases of a job.
  std::mutex write_lock;             // topology::write_lock
  coordinate_locks coordinate_lock;  // topology::coordinate_lock
  std::shared_ptr<kernels::row_order> order;
  /// Its `pending` is the gradient that the optimizer has not seen, where local
  /// phases stop there, followed by the step size.
  kernels::worker_scratch stopped_at;
  std::uint64_t generation = 0;  // phases begun

  // Of this process.
  std::shared_ptr<start_line> line;
  std::shared_ptr<lag_limiter> together;
  std::shared_ptr<shared_walk> ways;        // null where none are shared
  std::shared_ptr<const known_ways> known;  // null where none can be dealt
  std::shared_ptr<peer_failure> failure = std::make_shared<peer_failure>();
};

/// The state as bytes, framed as docs/reference/file-formats.md says.
///
/// Errors: state_error when the replica is not at rest.
std::vector<std::byte> write_state(const replica_setup& setup,
                                   replica_state& state);

/// Into a replica at rest of the same wiring and plan. Those of a process are
/// read before any of them walks.
///
/// Errors: state_error, in one line: what is no state, of another version,
///         truncated, damaged, of another replica, wiring or plan. The replica
///         has not changed then, unless the bytes were forged.
void read_state(std::span<const std::byte> bytes, const replica_setup& setup,
                replica_state& state);

/// A replica that has not walked, to the start of that epoch: with the
/// parameters that it has, and the samples of the epochs before.
void skip_to(unsigned epoch, const replica_setup& setup, replica_state& state);

}  // namespace sounder::actors

#include "actors/run/run_watch.hpp"

#include <chrono>
#include <memory>
#include <string>

#include "actors/run/run_ending.hpp"

namespace sounder::actors {

namespace {

/// Ends a run in which nothing has moved for too long.
void watch(run_ptr self) {
  run_state& state = self->state;
  std::uint64_t progress = 0;
  for (const progress_report& seen : state.seen) {
    progress += seen.progress;
  }
  for (const auto& work : state.evaluating) {
    progress += work->progress();
  }
  const auto now = run_state::clock::now();
  if (progress != state.last_progress) {
    state.last_progress = progress;
    state.last_moved = now;
  }
  const auto still = std::chrono::duration_cast<std::chrono::milliseconds>(
      now - state.last_moved);
  if (still >= state.stall_deadline) {
    finish(self, stop_reason::stalled,
           "no progress for " + std::to_string(still.count()) + " ms, " +
               state.whom());
  }
}

}  // namespace

void schedule_watch(run_ptr self) {
  self->delayed_send(self, self->state.stall_deadline / 4, watch_atom::value);
}

void start_watch(run_ptr self) {
  run_state& state = self->state;
  state.seen.assign(state.replicas.size(), {});
  const auto left = std::make_shared<std::size_t>(state.replicas.size());
  for (std::size_t k = 0; k < state.replicas.size(); ++k) {
    // No answer is an answer, too: the node may be stuck or gone.
    self->request(state.replicas[k].actor, state.stall_deadline,
                  progress_atom::value)
        .then(
            [=](const progress_report& seen) {
              self->state.seen[k] = seen;
              if (--*left == 0) {
                watch(self);
              }
            },
            [=](const caf::error&) {
              self->state.seen[k].waits_for =
                  self->state.replicas[k].name + " does not answer";
              if (--*left == 0) {
                watch(self);
              }
            });
  }
}

}  // namespace sounder::actors

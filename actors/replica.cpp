#include "actors/replica.hpp"

#include <chrono>
#include <utility>

#include "actors/worker.hpp"

namespace sounder::actors {

namespace {

using self_ptr = caf::stateful_actor<replica_state>*;

void begin(self_ptr self, job_ptr work) {
  replica_state& state = self->state;
  state.current = std::move(work);
  for (unsigned k = 0; k < state.workers.size(); ++k) {
    state.busy.insert(k);
    self->send(state.workers[k], work_atom::value, state.current);
  }
}

void all_done(self_ptr self) {
  replica_state& state = self->state;
  const job_ptr finished = std::move(state.current);
  if (!state.leg) {
    const auto& evaluated = static_cast<const evaluation&>(*finished);
    state.answer.deliver(evaluated.result());
    return;
  }
  if (!state.finish_leg()) {
    state.leg = state.next_leg();
    begin(self, state.leg);
    return;
  }
  state.leg.reset();
  state.result.parameters = std::make_shared<const std::vector<float>>(
      state.memory->vector.snapshot());
  state.answer.deliver(std::exchange(state.result, {}));
}

}  // namespace

std::shared_ptr<training_leg> replica_state::next_leg() const {
  return std::make_shared<training_leg>(
      setup, memory,
      plan_leg(setup->epoch, setup->plan.batch_size, next_chunk, goal,
               *setup->plan.objective, setup->plan.step_size));
}

bool replica_state::finish_leg() {
  const auto start = std::chrono::steady_clock::now();
  const double scale = leg->scale();
  if (scale != 1.0) {
    memory->vector.scale(static_cast<float>(scale));
  }
  result.duration +=
      leg->duration() + (std::chrono::steady_clock::now() - start);
  result.samples += leg->samples();
  result.is_complete = leg->is_complete();
  if (!leg->schedule().starts.empty()) {
    result.step_size = leg->schedule().starts.back().step_size;
  }
  next_chunk = leg->schedule().last;
  return next_chunk >= goal || !result.is_complete;
}

caf::behavior replica(self_ptr self, std::shared_ptr<const replica_setup> setup,
                      std::shared_ptr<replica_memory> memory) {
  self->set_exception_handler(as_exit_reason);
  replica_state& state = self->state;
  state.setup = std::move(setup);
  state.memory = std::move(memory);
  const caf::actor me = self;
  for (unsigned k = 0; k < state.setup->workers; ++k) {
    state.workers.push_back(
        state.setup->plan.deterministic
            ? self->spawn<caf::linked>(worker, k, me)
            : self->spawn<caf::linked + caf::detached>(worker, k, me));
  }
  return {
      [=](advance_atom, std::uint64_t goal) -> caf::result<leg_result> {
        replica_state& s = self->state;
        s.goal = goal;
        s.answer = self->make_response_promise();
        s.leg = s.next_leg();
        begin(self, s.leg);
        return caf::delegated<leg_result>();
      },
      [=](evaluate_atom,
          const evaluation_ptr& work) -> caf::result<evaluation_result> {
        self->state.answer = self->make_response_promise();
        begin(self, work);
        return caf::delegated<evaluation_result>();
      },
      [=](done_atom, unsigned index) {
        self->state.busy.erase(index);
        if (self->state.busy.empty()) {
          all_done(self);
        }
      },
      [=](progress_atom) {
        const replica_state& s = self->state;
        progress_report report;
        report.progress = s.current ? s.current->progress() : 0;
        report.busy.assign(s.busy.begin(), s.busy.end());
        return report;
      },
  };
}

caf::behavior evaluator(caf::event_based_actor* self) {
  self->set_exception_handler(as_exit_reason);
  return {[](evaluate_atom, const evaluation_ptr& work) {
    worker_slot slot;
    while (work->work(slot)) {
    }
    return work->result();
  }};
}

}  // namespace sounder::actors

#include "actors/replica/replica.hpp"

#include <cstddef>
#include <span>
#include <utility>

#include "actors/exit_reasons.hpp"
#include "actors/replica/worker.hpp"

namespace sounder::actors {

namespace {

using self_ptr = whole_replica::stateful_pointer<replica_work>;

void begin(self_ptr self, job_ptr work) {
  replica_work& state = self->state;
  state.current = std::move(work);
  for (unsigned k = 0; k < state.workers.size(); ++k) {
    state.busy.insert(k);
    self->send(state.workers[k], work_atom::value, state.current);
  }
}

void all_done(self_ptr self) {
  replica_work& state = self->state;
  state.current.reset();
  if (const auto done = std::exchange(state.walking, nullptr)) {
    state.walked.deliver(state.result_of(*done));
  } else {
    state.evaluated.deliver(true);
  }
}

/// Their answers to `keep` and `resume`, or why there is none.
caf::result<std::vector<char>> keep(const wired_replica& wired) {
  try {
    const std::vector<std::byte> bytes =
        write_state(*wired.setup, *wired.state);
    const auto* const first = reinterpret_cast<const char*>(bytes.data());
    return std::vector<char>(first, first + bytes.size());
  } catch (...) {
    return as_exit_reason(std::current_exception());
  }
}

caf::result<std::uint64_t> resume(const wired_replica& wired,
                                  std::uint32_t epoch,
                                  const std::vector<char>& from) {
  try {
    if (from.empty()) {
      skip_to(epoch, *wired.setup, *wired.state);
    } else {
      read_state(std::as_bytes(std::span(from)), *wired.setup, *wired.state);
    }
    return wired.state->samples.load();
  } catch (...) {
    return as_exit_reason(std::current_exception());
  }
}

}  // namespace

phase_result replica_work::result_of(const training_job& done) const {
  phase_result result;
  const auto ns = [](std::chrono::steady_clock::time_point at) {
    return static_cast<std::uint64_t>(at.time_since_epoch().count());
  };
  result.begin_ns = ns(done.begin());
  result.end_ns = ns(done.end());
  result.samples = wired.state->samples.load();
  result.step_size.value = done.step_size();
  result.is_complete = done.is_complete();
  result.computing.value = done.times().computing;
  result.exchanging.value = done.times().exchanging;
  result.waiting.value = done.times().waiting;
  result.lost = done.is_complete() ? "" : wired.state->failure->how();
  if (with_snapshot) {
    result.parameters = as_parameters(wired.state->whole());
  }
  return result;
}

whole_replica::behavior_type replica(self_ptr self, wired_replica wired,
                                     caf::node_id run) {
  self->set_exception_handler(as_exit_reason);
  end_by_own_process(self);
  replica_work& state = self->state;
  state.wired = std::move(wired);
  const replica_setup& setup = *state.wired.setup;
  const worker_owner me = self;
  for (unsigned k = 0; k < setup.workers; ++k) {
    state.workers.push_back(
        setup.plan->deterministic
            ? self->spawn<caf::linked>(worker, k, me)
            : self->spawn<caf::linked + caf::detached>(worker, k, me));
  }
  return {
      [=](advance_atom, std::uint64_t epochs, const assignment& dealt,
          bool with_snapshot) -> caf::result<phase_result> {
        if (!is_from(self, run)) {
          return caf::make_error(caf::sec::runtime_error, "another's replica");
        }
        replica_work& s = self->state;
        s.walked = self->make_response_promise<phase_result>();
        s.with_snapshot = with_snapshot;
        s.walking = std::make_shared<training_job>(
            s.wired.setup, s.wired.state,
            s.wired.setup->cut.chunks().before(epochs), dealt);
        begin(self, s.walking);
        return s.walked;
      },
      [=](evaluate_atom, const evaluation_ptr& work) {
        self->state.evaluated = self->make_response_promise<bool>();
        begin(self, work);
        return self->state.evaluated;
      },
      [=](snapshot_atom) {
        return as_parameters(self->state.wired.state->whole());
      },
      [=](keep_atom) { return keep(self->state.wired); },
      [=](resume_atom, std::uint32_t epoch,
          const std::vector<char>& from) -> caf::result<std::uint64_t> {
        if (!is_from(self, run)) {
          return caf::make_error(caf::sec::runtime_error, "another's replica");
        }
        return resume(self->state.wired, epoch, from);
      },
      [=](done_atom, unsigned index) {
        if (is_from_own_process(self) && self->state.busy.erase(index) > 0 &&
            self->state.busy.empty()) {
          all_done(self);
        }
      },
      [=](progress_atom) {
        const replica_work& s = self->state;
        progress_report report;
        report.progress = s.current ? s.current->progress() : 0;
        for (const unsigned k : s.busy) {
          if (!s.current->is_idle(k)) {
            report.busy.push_back(k);
          }
        }
        report.waits_for = s.current ? s.current->waits_for() : "";
        return report;
      },
  };
}

hub_actor::behavior_type hub(hub_actor::pointer self, wired_replica wired,
                             caf::node_id run) {
  self->set_exception_handler(as_exit_reason);
  end_by_own_process(self);
  const auto of = std::make_shared<const wired_replica>(std::move(wired));
  return {
      [=](snapshot_atom) { return as_parameters(of->state->whole()); },
      [=](keep_atom) { return keep(*of); },
      [=](resume_atom, std::uint32_t epoch,
          const std::vector<char>& from) -> caf::result<std::uint64_t> {
        if (!is_from(self, run)) {
          return caf::make_error(caf::sec::runtime_error, "another's hub");
        }
        return resume(*of, epoch, from);
      },
  };
}

token_actor::behavior_type token(token_actor::pointer self, wired_token wired) {
  self->set_exception_handler(as_exit_reason);
  end_by_own_process(self);
  return {[wired = std::move(wired)](
              status_atom) -> caf::result<std::string, std::uint64_t> {
    const auto holder = wired.ring->holder();
    return {holder ? wired.members[*holder] : "", wired.ring->passes()};
  }};
}

evaluator_actor::behavior_type evaluator(evaluator_actor::pointer self) {
  self->set_exception_handler(as_exit_reason);
  return {[](evaluate_atom, const evaluation_ptr& work) {
    worker_slot slot;
    while (work->work(slot)) {
    }
    return true;
  }};
}

}  // namespace sounder::actors

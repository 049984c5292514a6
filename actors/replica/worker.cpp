#include "actors/replica/worker.hpp"

#include <memory>

#include "actors/exit_reasons.hpp"
#include "actors/replica/job.hpp"

namespace sounder::actors {

worker_actor::behavior_type worker(worker_actor::pointer self, unsigned index,
                                   worker_owner replica) {
  self->set_exception_handler(as_exit_reason);
  auto slot = std::make_shared<worker_slot>();
  slot->index = index;
  return {[=](work_atom, const job_ptr& work) {
    if (work->work(*slot)) {
      self->send(self, work_atom::value, work);
    } else {
      self->send(replica, done_atom::value, index);
    }
  }};
}

}  // namespace sounder::actors

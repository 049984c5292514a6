#include "actors/replica/worker.hpp"

#include <memory>

#include "actors/messages.hpp"
#include "actors/replica/job.hpp"

namespace sounder::actors {

caf::behavior worker(caf::event_based_actor* self, unsigned index,
                     caf::actor replica) {
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

#include "actors/node/offload.hpp"

#include "actors/exit_reasons.hpp"

namespace sounder::actors {

offload_actor::behavior_type offload(offload_actor::pointer self) {
  static_cast<void>(self);
  return {[](work_atom, const blocking_work& work) -> caf::result<bool> {
    try {
      (*work)();
      return true;
    } catch (...) {
      return as_exit_reason(std::current_exception());
    }
  }};
}

}  // namespace sounder::actors

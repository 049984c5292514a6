#include "actors/run/recorder.hpp"

#include <cstdio>
#include <exception>
#include <utility>

namespace sounder::actors {

recorder_actor::behavior_type recorder(recorder_actor::pointer self,
                                       epoch_observer observer) {
  static_cast<void>(self);
  return {[observer = std::move(observer)](record_atom,
                                           const epoch_record_ptr& record) {
            if (!observer) {
              return;
            }
            try {
              observer(*record);
            } catch (const std::exception& problem) {
              std::fprintf(stderr, "a record was not written: %s\n",
                           problem.what());
            } catch (...) {
              std::fputs("a record was not written\n", stderr);
            }
          },
          [](close_atom) { return true; }};
}

}  // namespace sounder::actors

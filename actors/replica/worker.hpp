#pragma once

#include "actors/messages.hpp"

namespace sounder::actors {

/// One worker of a replica.
///
///        work(job)                 piece left: work(job) to itself
///   idle ---------> at work  <----------------------------------+
///    ^                 |  |_____________________________________|
///    |  nothing left: done(index) to the replica
///    +-----------------+
///
/// Runs in a thread of its own (spawn it detached), or cooperatively when a
/// run is to be deterministic. Between two pieces, 0.1 to 1 ms apart, it
/// looks at its mailbox.
worker_actor::behavior_type worker(worker_actor::pointer self, unsigned index,
                                   worker_owner replica);

}  // namespace sounder::actors

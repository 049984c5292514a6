#pragma once

#include "actors/messages.hpp"
#include "actors/run/train.hpp"

namespace sounder::actors {

/// Hands epoch records to the observer, off the path of the run. What the
/// observer throws is dropped with a word on stderr: a full disk must not end
/// a training run.
recorder_actor::behavior_type recorder(recorder_actor::pointer self,
                                       epoch_observer observer);

}  // namespace sounder::actors

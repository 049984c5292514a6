#pragma once

#include <caf/all.hpp>

#include "actors/run/train.hpp"

namespace sounder::actors {

/// Hands epoch records to the observer, off the path of the run. What the
/// observer throws is dropped with a word on stderr: a full disk must not end
/// a training run.
caf::behavior recorder(caf::event_based_actor* self, epoch_observer observer);

}  // namespace sounder::actors

#pragma once

#include "actors/messages.hpp"

namespace sounder::actors {

/// Reads files, connects and waits for others, one thing after the other, in
/// the place of an actor that shall go on to answer. Spawn it detached.
offload_actor::behavior_type offload(offload_actor::pointer self);

}  // namespace sounder::actors

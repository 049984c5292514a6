#pragma once

// Options of a run that shall outlive its processes.

#include <span>
#include <string>

#include "actors/run/checkpoint.hpp"
#include "apps/sounder/options.hpp"
#include "apps/sounder/progress.hpp"

namespace sounder::app {

option_group checkpoint_options();

/// Whether the run keeps checkpoints, or goes on from one.
bool uses_checkpoints(const settings& values);

/// Opens the folders and reads the checkpoint to go on from; notes which, and
/// what is damaged.
/// Throws usage_error, and data_error that names the folder.
actors::checkpointing read_checkpointing(const settings& values, progress& out);

/// Leaves the options of a run with its checkpoints, for who resumes it.
void keep_options(const settings& values, std::span<const option_group> groups,
                  actors::checkpoint_folder& folder);

/// How often the step was halved in the run that left the checkpoint, as
/// `checkpoint::words` say; and these words.
int halvings_before(const actors::checkpointing& keeps);
std::string words_for(int halvings);

}  // namespace sounder::app

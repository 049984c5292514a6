#pragma once

// What the loss of each sample counts, from a file.

#include <filesystem>

#include "kernels/data/dataset.hpp"

namespace sounder::kernels {

/// The samples with the weights in a file: a number a line, for one sample
/// each and in their order, as in the weights files of liblinear's relatives.
/// They are multiplied into weights that the samples have. The file is plain
/// or compressed, as input_file reads it.
///
/// Errors: data_error, naming file and line: what is no finite number from 0
///         up; naming the file: more or fewer lines than samples, no weight
///         above 0.
dataset with_sample_weights(const dataset& data,
                            const std::filesystem::path& file);

}  // namespace sounder::kernels

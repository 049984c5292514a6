#pragma once

#include <filesystem>
#include <span>

#include "kernels/data/dataset.hpp"
#include "kernels/data/input_file.hpp"

namespace sounder::kernels {

inline constexpr std::size_t cifar10_features = 3 * 32 * 32;

/// Reads the binary form of CIFAR-10, plain or compressed: records of a label
/// byte (0 to 9) and 3 * 32 * 32 pixel bytes (red, green, blue planes). Several
/// files make one data set in the order given; at least one is needed. Layout
/// dense_byte with scale 1 and shift 0.
///
/// Errors:   data_error that names file and record (from 1): a label above 9,
///           a last record that is cut short, a file of fewer records than
///           another; and those of input_file.
/// Cost:     one pass; half a MiB beyond the result.
dataset read_cifar10(std::span<const std::filesystem::path> files);
dataset read_cifar10(input_file& file);

}  // namespace sounder::kernels

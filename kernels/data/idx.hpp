#pragma once

#include <filesystem>

#include "kernels/data/dataset.hpp"
#include "kernels/data/input_file.hpp"

namespace sounder::kernels {

/// Reads images and their labels in the IDX form of MNIST, plain or
/// compressed: 32-bit big-endian header (images: 2051, count, height, width;
/// labels: 2049, count), then bytes. A sample has height * width features;
/// layout dense_byte with scale 1 and shift 0, so pixels are 0 to 255.
///
/// Errors:   data_error for another magic number, differing counts, no samples,
///           no pixels, a file that ends early or goes on after its last byte;
///           and those of input_file.
/// Cost:     one pass; memory grows with what is read, not with what a header
///           claims.
dataset read_idx(const std::filesystem::path& images,
                 const std::filesystem::path& labels);
dataset read_idx(input_file& images, input_file& labels);

/// The images alone, with labels of 0: for who does not look at them.
dataset read_idx(const std::filesystem::path& images);
dataset read_idx(input_file& images);

}  // namespace sounder::kernels

#pragma once

// Networks on disk: an .npz with an array for each block of parameters, by
// the blocks' names, which PyTorch shares.

#include <filesystem>
#include <span>
#include <string>
#include <vector>

#include "kernels/network/network.hpp"

namespace sounder::kernels {

/// A trained network and the labels of its classes.
struct trained_network {
  std::shared_ptr<const network> function;
  std::vector<float> labels;
  std::vector<float> weights;  // statistics among them
};

/// Writes the network; `numpy.load(file)` in Python. Beside the arrays:
///
///   sounder.network  str (), the lines of the network
///   sounder.labels   float32 (classes)
///   sounder.format   int64 (), 1
///
/// The filters of convolutions are (filters, height, width, channels), the
/// weights of a dense layer over an image (outputs, height, width, channels).
/// The file appears whole or not at all.
/// Errors: data_error when the file cannot be written.
void save_network(const network& function, std::span<const float> labels,
                  std::span<const float> weights,
                  const std::filesystem::path& file);

/// Whether a file is of a network; false for what cannot be read.
bool holds_network(const std::filesystem::path& file);

/// Errors: data_error for everything that is not a complete network with
/// finite weights, and see load_weights.
trained_network load_network(const std::filesystem::path& file);

/// The parameters of a network from a file, which need not say which network
/// it is of: the arrays are enough. If it names its classes they must be
/// `labels`; none given: any.
/// Errors: data_error with the first array that is missing, has other sizes
/// or holds what is not finite, the first that the network does not have, and
/// for other labels.
std::vector<float> load_weights(const network& function,
                                const std::filesystem::path& file,
                                std::span<const float> labels = {});

}  // namespace sounder::kernels

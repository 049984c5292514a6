#pragma once

// From --model and its options to a network.

#include <memory>
#include <span>
#include <string>
#include <vector>

#include "apps/sounder/options.hpp"
#include "kernels/network/network.hpp"

namespace sounder::app {

option_group network_model_options();

/// Whether a --model is a network: a name that kernels::find_model knows, or a
/// file of layers.
bool is_network(const std::string& model);

/// The names of networks, for messages and help: "cnn, lenet, ...".
std::vector<std::string> network_names();

/// Throws what is wrong with the network that --model names: a data_error with
/// the layer's line for a file of layers, else a usage_error.
[[noreturn]] void fail_for_layer(const settings& values,
                                 const kernels::layer_error& problem);

/// The lines of a network for samples of `features` values and so many
/// classes; a name or a file.
/// Errors: usage_error, also for an --image beside a file, which has its own;
/// data_error when samples or classes do not fit it.
std::vector<kernels::layer_line> network_lines(const settings& values,
                                               std::size_t features,
                                               std::size_t classes,
                                               const std::string& data_name);

/// The network that --model names, for training on these samples: what comes
/// in has mean 0 and deviation 1 over the training set, unless the file of
/// layers says otherwise. The labels in the data are numbers of these.
/// Errors: as above, what does not fit together within the network, and more
/// classes than a network by name is for.
std::shared_ptr<const kernels::network> read_network(
    const settings& values, const kernels::dataset& train,
    std::span<const float> labels, const std::string& data_name);

}  // namespace sounder::app

#pragma once

// Networks by name, as the sources have them.

#include <cstddef>
#include <span>
#include <string>
#include <vector>

#include "kernels/network/layer_line.hpp"
#include "kernels/network/shape.hpp"

namespace sounder::kernels {

/// What is said of a model in print.
struct model_card {
  std::string name;
  std::string summary;
  shape input;             // of its usual data
  std::size_t classes;     // likewise
  std::size_t parameters;  // published, or counted by hand from its table
};

/// In the order of `sounder model`.
std::span<const model_card> model_cards();

/// The card of a name; null when there is none. "mlp:300,100" has mlp's.
const model_card* find_model(const std::string& name);

/// What may differ from the card.
struct model_shape {
  shape input;
  std::size_t classes = 0;
};

/// The lines of a model for inputs and classes of this shape.
///
///   cnn           Kozyrev, Bayoumi, Khanna: two blocks of 3x3 convolution
///                 (64), batch norm, ReLU, 2x2 max pool; 256; classes
///   lenet         LeCun et al. 1998, LeNet-5 with ReLU and max pools
///   cifar10-full  Krizhevsky's, as Caffe has it
///   mlp:A,B,..    dense layers of these widths with ReLU ["mlp": 300,100]
///   mlp-deep, mlp-wide   8 layers of 128, 1 of 273: as many parameters
///   lstm-mnist    rows of an image as steps: dense 128, LSTM 128, the last
///   densenet40    Huang et al. 2017: growth 12, no bottleneck
///   googlenet-bn  Szegedy et al. 2015 with batch norm after every
///                 convolution, without the auxiliary classifiers
///   resnet50      He et al. 2016, the stride in a block's first convolution
///
/// Errors: std::invalid_argument for a name that is none, widths that are not
/// positive numbers, and more than one channel for lstm-mnist; that the input
/// is too small shows when the network is built.
std::vector<layer_line> make_model(const std::string& name,
                                   const model_shape& wanted);

}  // namespace sounder::kernels

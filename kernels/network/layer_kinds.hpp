#pragma once

#include <functional>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "kernels/network/layer.hpp"
#include "kernels/network/layer_line.hpp"

namespace sounder::kernels {

/// Makes a layer from what its line says and the shapes it gets.
/// Throws layer_error when the two do not fit.
using layer_maker = std::function<std::unique_ptr<layer>(
    layer_words& words, std::span<const shape> inputs)>;

/// How one kind of layer is made.
struct layer_kind {
  std::string name;  // "conv"
  std::string help;  // "FILTERS kernel=K ...: what it computes"
  layer_maker make;
  std::size_t least_inputs = 1;
  std::size_t most_inputs = 1;
};

/// All kinds, in the order of their families.
const std::vector<layer_kind>& layer_kinds();

/// Makes a kind known: for layers of your own. Call it before any network is
/// built. Throws std::invalid_argument when there is one of that name.
void add_layer_kind(layer_kind kind);

/// Makes the layer of a line.
/// Errors: layer_error, naming the layer, for a kind that is not known, a
/// number of inputs that does not fit, and those of its maker.
std::unique_ptr<layer> make_layer(const layer_line& line,
                                  std::span<const shape> inputs);

}  // namespace sounder::kernels

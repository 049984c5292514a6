#pragma once

// The built-in layers: each file adds its kinds to the list.

#include <vector>

#include "kernels/network/layer_kinds.hpp"

namespace sounder::kernels::layers {

void add_convolution(std::vector<layer_kind>& kinds);
void add_dense(std::vector<layer_kind>& kinds);
void add_bias(std::vector<layer_kind>& kinds);
void add_activations(std::vector<layer_kind>& kinds);
void add_max_pools(std::vector<layer_kind>& kinds);
void add_average_pools(std::vector<layer_kind>& kinds);
void add_batch_norm(std::vector<layer_kind>& kinds);
void add_response_norm(std::vector<layer_kind>& kinds);
void add_dropout(std::vector<layer_kind>& kinds);
void add_lstm(std::vector<layer_kind>& kinds);
void add_joins(std::vector<layer_kind>& kinds);
void add_reshapes(std::vector<layer_kind>& kinds);

}  // namespace sounder::kernels::layers

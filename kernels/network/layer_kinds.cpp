#include "kernels/network/layer_kinds.hpp"

#include <algorithm>

#include <fmt/format.h>

#include "kernels/nearest.hpp"
#include "kernels/network/layers/families.hpp"

namespace sounder::kernels {

namespace {

std::vector<layer_kind>& all_kinds() {
  static std::vector<layer_kind> kinds = [] {
    std::vector<layer_kind> made;
    layers::add_convolution(made);
    layers::add_dense(made);
    layers::add_bias(made);
    layers::add_activations(made);
    layers::add_max_pools(made);
    layers::add_average_pools(made);
    layers::add_batch_norm(made);
    layers::add_response_norm(made);
    layers::add_dropout(made);
    layers::add_lstm(made);
    layers::add_joins(made);
    layers::add_reshapes(made);
    return made;
  }();
  return kinds;
}

const layer_kind* find_kind(const std::string& name) {
  const auto& kinds = all_kinds();
  const auto found =
      std::find_if(kinds.begin(), kinds.end(),
                   [&](const layer_kind& kind) { return kind.name == name; });
  return found == kinds.end() ? nullptr : &*found;
}

std::vector<std::string> known_names() {
  std::vector<std::string> names;
  for (const layer_kind& kind : all_kinds()) {
    names.push_back(kind.name);
  }
  return names;
}

}  // namespace

const std::vector<layer_kind>& layer_kinds() { return all_kinds(); }

void add_layer_kind(layer_kind kind) {
  if (find_kind(kind.name) != nullptr) {
    throw std::invalid_argument("there is a kind of layer '" + kind.name +
                                "' already");
  }
  all_kinds().push_back(std::move(kind));
}

std::unique_ptr<layer> make_layer(const layer_line& line,
                                  std::span<const shape> inputs) {
  const layer_kind* const kind = find_kind(line.kind);
  layer_words words(line);
  if (kind == nullptr) {
    const std::vector<std::string> known = known_names();
    words.fail(fmt::format("there is no kind of layer '{}'; known: {}{}",
                           line.kind, fmt::join(known, ", "),
                           did_you_mean(line.kind, known)));
  }
  if (inputs.size() < kind->least_inputs || inputs.size() > kind->most_inputs) {
    words.fail(kind->least_inputs == kind->most_inputs
                   ? fmt::format("{} takes {} input, not {}", line.kind,
                                 kind->least_inputs, inputs.size())
                   : fmt::format("{} takes {} inputs or more, not {}",
                                 line.kind, kind->least_inputs, inputs.size()));
  }
  try {
    auto made = kind->make(words, inputs);
    words.check_all_read();
    return made;
  } catch (const layer_error&) {
    throw;
  } catch (const std::invalid_argument& problem) {
    words.fail(problem.what());
  }
}

}  // namespace sounder::kernels

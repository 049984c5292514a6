// A network as it is put together; network_walk.cpp walks through it.

#include "kernels/network/network.hpp"

#include <algorithm>
#include <charconv>
#include <cmath>

#include <fmt/format.h>

#include "kernels/data/random.hpp"
#include "kernels/network/layer_kinds.hpp"
#include "kernels/network/network_workspace.hpp"

namespace sounder::kernels {

namespace {

const layer_line& input_of(const std::vector<layer_line>& lines) {
  if (lines.empty() || lines[0].kind != "input") {
    throw layer_error(lines.empty() ? "network" : lines[0].name,
                      "the first line must be an input, e.g. 'input 28x28x1'");
  }
  return lines[0];
}

std::size_t count_of(const std::vector<parameter_array>& arrays) {
  std::size_t count = 0;
  for (const parameter_array& array : arrays) {
    count += array.count();
  }
  return count;
}

/// Of parameters, or of values of a sample: far more than memory, and few
/// enough that sizes in bytes are no overflow.
constexpr double most_floats = 0x1p40;

/// Errors: layer_error for sizes that no memory can hold.
void check_size(const std::string& layer, const network_layer& l) {
  const shape& s = l.output;
  double most = static_cast<double>(s.height) * static_cast<double>(s.width) *
                static_cast<double>(s.channels);
  for (const parameter_array& array : l.function->weights()) {
    double count = 1.0;
    for (const std::size_t n : array.sizes) {
      count *= static_cast<double>(n);
    }
    most = std::max(most, count);
  }
  if (most > most_floats) {
    throw layer_error(layer,
                      fmt::format("{:.3g} numbers are too many; take a smaller "
                                  "layer",
                                  most));
  }
}

void fill(const start_values& start, std::span<float> values,
          random_stream& random) {
  for (float& value : values) {
    switch (start.distribution) {
      case start_values::kind::constant:
        value = start.scale;
        break;
      case start_values::kind::normal:
        value = start.scale * static_cast<float>(random.normal());
        break;
      case start_values::kind::uniform:
        value = start.scale * static_cast<float>(2.0 * random.uniform() - 1.0);
        break;
    }
  }
}

}  // namespace

network::network(std::vector<layer_line> lines, network_options options)
    : input_(input_of(lines)), options_(options) {
  if (!(options.l2 >= 0.0 && std::isfinite(options.l2))) {
    throw layer_error("network", "l2 must be finite and not negative");
  }
  if (!(options.label_smoothing >= 0.0 && options.label_smoothing < 1.0)) {
    throw layer_error("network", "label smoothing must be in [0, 1)");
  }
  for (layer_line& line : lines) {
    add_layer(std::move(line));
  }
  const network_layer& last = layers_.back();
  if (last.output.positions() != 1 || last.output.channels < 2) {
    throw layer_error(last.line.name,
                      fmt::format("the last layer must give a number for each "
                                  "class, not {}",
                                  to_text(last.output)));
  }
  std::size_t next = trainable_;
  for (network_layer& l : layers_) {
    l.statistics = next;
    next += l.statistic_count;
  }
  dimension_ = next;
  share_memory();
  times_ = std::make_unique<clock_sums[]>(layers_.size());
}

network::~network() = default;

void network::add_layer(layer_line line) {
  network_layer l;
  l.line = std::move(line);
  if (layers_.empty()) {
    l.output = input_.output();
    layers_.push_back(std::move(l));
    return;
  }
  std::vector<shape> shapes;
  for (const std::string& name : l.line.inputs) {
    const auto found = std::find_if(
        layers_.begin(), layers_.end(),
        [&](const network_layer& other) { return other.line.name == name; });
    if (found == layers_.end()) {
      throw layer_error(l.line.name, fmt::format("there is no layer '{}' "
                                                 "before it",
                                                 name));
    }
    l.inputs.push_back(static_cast<std::size_t>(found - layers_.begin()));
    l.has_gradient = l.has_gradient || found->has_gradient;
    shapes.push_back(found->output);
  }
  l.function = make_layer(l.line, shapes);
  l.output = l.function->output();
  check_size(l.line.name, l);
  l.weights = trainable_;
  l.weight_count = count_of(l.function->weights());
  l.statistic_count = count_of(l.function->statistics());
  l.has_gradient = l.has_gradient || l.weight_count > 0;
  trainable_ += l.weight_count;
  layers_.push_back(std::move(l));
}

/// Marks what can work in place: when nobody else reads its input, neither
/// another layer nor, backward, the one that made it.
void network::share_memory() {
  std::vector<std::size_t> readers(layers_.size());
  for (const network_layer& l : layers_) {
    for (const std::size_t i : l.inputs) {
      ++readers[i];
    }
  }
  for (std::size_t k = 0; k + 1 < layers_.size(); ++k) {
    if (readers[k] == 0) {
      throw layer_error(layers_[k].line.name, "no layer uses its output");
    }
  }
  for (std::size_t k = 1; k < layers_.size(); ++k) {
    network_layer& l = layers_[k];
    const std::size_t from = l.inputs[0];
    l.in_place =
        l.function->works_in_place() && l.inputs.size() == 1 &&
        readers[from] == 1 &&
        (from == 0 || !layers_[from].function->backward_reads_output());
  }
}

std::vector<layer_line> network::lines() const {
  std::vector<layer_line> all;
  for (const network_layer& l : layers_) {
    all.push_back(l.line);
  }
  return all;
}

std::vector<named_array> network::arrays() const {
  std::vector<named_array> all;
  const auto add = [&](const network_layer& l, std::size_t first,
                       const std::vector<parameter_array>& parts) {
    for (const parameter_array& part : parts) {
      all.push_back(
          {l.line.name + "." + part.name, part.sizes, first, part.count()});
      first += part.count();
    }
  };
  for (std::size_t k = 1; k < layers_.size(); ++k) {
    add(layers_[k], layers_[k].weights, layers_[k].function->weights());
  }
  for (std::size_t k = 1; k < layers_.size(); ++k) {
    add(layers_[k], layers_[k].statistics, layers_[k].function->statistics());
  }
  return all;
}

std::vector<parameter_block> network::blocks() const {
  std::vector<parameter_block> all;
  for (const named_array& array : arrays()) {
    if (array.first < trainable_) {
      all.push_back({array.name, array.first, array.count, 1});
    }
  }
  return all;
}

double network::flops() const noexcept {
  double sum = 0.0;
  for (std::size_t k = 1; k < layers_.size(); ++k) {
    sum += layers_[k].function->flops();
  }
  return sum;
}

double network::row_cost(double /*values*/) const noexcept {
  return 3.0 * flops() / (50.0 * 5.0);
}

std::size_t network::least_batch() const noexcept {
  return trainable_ == dimension_ ? 1 : 2;
}

/// Every array draws from a stream of its own.
void network::initialise(std::span<float> weights, std::uint64_t seed) const {
  std::uint64_t stream = 0;
  const auto start = [&](std::size_t first,
                         const std::vector<parameter_array>& parts) {
    for (const parameter_array& part : parts) {
      random_stream random(seed, stream++);
      fill(part.start, weights.subspan(first, part.count()), random);
      first += part.count();
    }
  };
  for (std::size_t k = 1; k < layers_.size(); ++k) {
    start(layers_[k].weights, layers_[k].function->weights());
    start(layers_[k].statistics, layers_[k].function->statistics());
  }
}

std::string network::describe() const {
  return fmt::format("network {} {}\n{}", options_.l2, options_.label_smoothing,
                     to_text(lines()));
}

std::shared_ptr<const network> make_described_network(
    const std::string& description) {
  const std::size_t end = description.find('\n');
  network_options options;
  const std::string head = description.substr(0, end);
  const std::string family = "network ";
  const char* const last = head.data() + head.size();
  if (end == description.npos || !head.starts_with(family)) {
    return nullptr;
  }
  const auto l2 =
      std::from_chars(head.data() + family.size(), last, options.l2);
  if (l2.ec != std::errc() || l2.ptr == last ||
      std::from_chars(l2.ptr + 1, last, options.label_smoothing).ec !=
          std::errc()) {
    return nullptr;
  }
  return std::make_shared<network>(
      parse_layers(description.substr(end + 1), "network"), options);
}

}  // namespace sounder::kernels

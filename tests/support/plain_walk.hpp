#pragma once

// Networks without their plan: every layer with memory of its own, nothing in
// place, nothing used again. The oracle of walks through networks.

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "kernels/data/dataset.hpp"
#include "kernels/network/network.hpp"
#include "tests/support/lone_layer.hpp"

namespace sounder::tests {

inline kernels::network network_of(const std::string& text,
                                   kernels::network_options options = {}) {
  return kernels::network(kernels::parse_layers(text, "test"), options);
}

/// Random samples: standard normal values, classes by turns.
inline kernels::dataset random_samples(std::size_t rows, std::size_t features,
                                       std::size_t classes,
                                       std::uint64_t seed = 1) {
  kernels::dense_storage storage;
  storage.floats.append(random_floats(rows * features, seed));
  floats labels;
  for (std::size_t i = 0; i < rows; ++i) {
    labels.push_back(static_cast<float>(i % classes));
  }
  return {std::move(storage), std::move(labels), features};
}

inline std::vector<std::uint32_t> all_rows(const kernels::dataset& data) {
  std::vector<std::uint32_t> rows(data.rows());
  std::iota(rows.begin(), rows.end(), 0U);
  return rows;
}

inline floats start_of(const kernels::network& net, std::uint64_t seed = 3) {
  floats weights(net.dimension());
  net.initialise(weights, seed);
  return weights;
}

class plain_walk {
 public:
  plain_walk(const kernels::network& net, const kernels::dataset& data,
             std::vector<std::uint32_t> rows, std::uint64_t seed = 0,
             double smoothing = 0.0)
      : net_(net),
        data_(data),
        rows_(std::move(rows)),
        seed_(seed),
        smoothing_(smoothing) {}

  /// Returns the last layer's values.
  const floats& forward(std::span<const float> weights,
                        bool is_training = true) {
    const auto& layers = net_.layers();
    values_.assign(layers.size(), {});
    kept_.assign(layers.size(), {});
    values_[0] = nothing(rows_.size() * layers[0].output.size());
    net_.input().fill(data_, rows_, is_training, seed_, values_[0].data());
    for (std::size_t k = 1; k < layers.size(); ++k) {
      values_[k] = nothing(rows_.size() * layers[k].output.size());
      kept_[k] = nothing(layers[k].function->kept(rows_.size()));
      const auto in = inputs_of(k);
      kernels::layer_pass pass = pass_of(k, weights, is_training);
      pass.in = in;
      layers[k].function->forward(pass);
    }
    return values_.back();
  }

  /// Of each sample by its share in the mean, after forward().
  std::vector<double> losses() const {
    std::vector<double> all;
    for (std::size_t b = 0; b < rows_.size(); ++b) {
      const auto p = chances(b);
      double loss = 0.0;
      for (std::size_t c = 0; c < p.size(); ++c) {
        loss -= target(b, c) * std::log(p[c]);
      }
      all.push_back(loss / static_cast<double>(rows_.size()));
    }
    return all;
  }

  /// By all parameters, without a penalty; after forward().
  floats backward(std::span<const float> weights) {
    const auto& layers = net_.layers();
    floats gradient(net_.dimension());
    std::vector<floats> d_values;
    for (const floats& value : values_) {
      d_values.emplace_back(value.size());
    }
    for (std::size_t b = 0; b < rows_.size(); ++b) {
      const auto p = chances(b);
      for (std::size_t c = 0; c < p.size(); ++c) {
        d_values.back()[b * p.size() + c] = static_cast<float>(
            (p[c] - target(b, c)) / static_cast<double>(rows_.size()));
      }
    }
    for (std::size_t k = layers.size(); k-- > 1;) {
      if (layers[k].has_gradient) {
        run_back(k, weights, d_values, gradient);
      }
    }
    return gradient;
  }

 private:
  std::vector<double> chances(std::size_t b) const {
    const std::size_t n = net_.outputs();
    const float* const z = values_.back().data() + b * n;
    const double top = static_cast<double>(*std::max_element(z, z + n));
    std::vector<double> p;
    double sum = 0.0;
    for (std::size_t c = 0; c < n; ++c) {
      p.push_back(std::exp(static_cast<double>(z[c]) - top));
      sum += p.back();
    }
    for (double& x : p) {
      x /= sum;
    }
    return p;
  }
  double target(std::size_t b, std::size_t c) const {
    const auto label = static_cast<std::size_t>(data_.labels()[rows_[b]]);
    return (c == label ? 1.0 - smoothing_ : 0.0) +
           smoothing_ / static_cast<double>(net_.outputs());
  }

  std::vector<const float*> inputs_of(std::size_t k) const {
    std::vector<const float*> in;
    for (const std::size_t i : net_.layers()[k].inputs) {
      in.push_back(values_[i].data());
    }
    return in;
  }

  kernels::layer_pass pass_of(std::size_t k, std::span<const float> weights,
                              bool is_training) {
    const kernels::network_layer& layer = net_.layers()[k];
    scratch_ = nothing(layer.function->scratch(rows_.size()));
    kernels::layer_pass pass;
    pass.batch = rows_.size();
    pass.is_training = is_training;
    pass.seed = seed_ + k;
    pass.rows = rows_;
    pass.weights = weights.data() + layer.weights;
    pass.statistics = weights.data() + layer.statistics;
    pass.out = values_[k].data();
    pass.kept = kept_[k].data();
    pass.scratch = scratch_.data();
    return pass;
  }

  void run_back(std::size_t k, std::span<const float> weights,
                std::vector<floats>& d_values, floats& gradient) {
    const kernels::network_layer& layer = net_.layers()[k];
    std::vector<floats> d_in;
    std::vector<float*> places;
    for (const std::size_t i : layer.inputs) {
      d_in.push_back(nothing(values_[i].size()));
    }
    for (std::size_t i = 0; i < d_in.size(); ++i) {
      const bool asked = net_.layers()[layer.inputs[i]].has_gradient;
      places.push_back(asked ? d_in[i].data() : nullptr);
    }
    const auto is_set = std::make_unique<bool[]>(d_in.size());
    const auto in = inputs_of(k);
    kernels::layer_pass pass = pass_of(k, weights, true);
    pass.in = in;
    pass.d_out = d_values[k].data();
    pass.d_in = places;
    pass.d_in_is_set = {is_set.get(), d_in.size()};
    pass.d_weights = gradient.data() + layer.weights;
    pass.d_statistics = gradient.data() + layer.statistics;
    layer.function->backward(pass);
    for (std::size_t i = 0; i < d_in.size(); ++i) {
      floats& sum = d_values[layer.inputs[i]];
      for (std::size_t j = 0; places[i] != nullptr && j < sum.size(); ++j) {
        sum[j] += d_in[i][j];
      }
    }
  }

  const kernels::network& net_;
  const kernels::dataset& data_;
  std::vector<std::uint32_t> rows_;
  std::uint64_t seed_;
  double smoothing_;
  std::vector<floats> values_;
  std::vector<floats> kept_;
  floats scratch_;
};

}  // namespace sounder::tests

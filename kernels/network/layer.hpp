#pragma once

// What a layer of a network is. A layer of your own is one file: a class that
// derives from `layer`, and a line that makes it known by name
// (layer_kinds.hpp). docs/how-to/write-a-layer.md goes through one.

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "kernels/network/shape.hpp"

namespace sounder::kernels {

/// How an array of parameters starts. The normal distributions have mean 0.
struct start_values {
  enum class kind {
    constant,  // all `scale`
    normal,    // standard deviation `scale`
    uniform,   // in [-scale, scale]
  };
  kind distribution = kind::constant;
  float scale = 0.0F;
};

/// He et al. 2015: normal, sqrt(2 / fan_in), for layers that a ReLU follows.
start_values he_start(std::size_t fan_in) noexcept;
/// Glorot and Bengio 2010: uniform, sqrt(6 / (fan_in + fan_out)).
start_values xavier_start(std::size_t fan_in, std::size_t fan_out) noexcept;
/// `text`: "he", "xavier", "normal:S" or "uniform:S"; throws
/// std::invalid_argument for others.
start_values start_by_name(const std::string& text, std::size_t fan_in,
                           std::size_t fan_out);

/// Parameters of a layer that belong together, in C order.
struct parameter_array {
  std::string name;  // "weight", "bias", as PyTorch has them
  std::vector<std::size_t> sizes;
  start_values start;

  std::size_t count() const noexcept {
    std::size_t product = 1;
    for (const std::size_t n : sizes) {
      product *= n;
    }
    return product;
  }
};

/// One walk through a layer, forward or backward. Arrays that belong to the
/// samples are matrices of batch * positions() rows and `channels` columns.
struct layer_pass {
  std::size_t batch = 0;
  bool is_training = false;  // else batch norm and dropout do what they
                             // do in evaluation
  /// For layers that draw: a stream of its own for each sample,
  /// random_stream(seed + what tells layers apart, rows[i]).
  std::uint64_t seed = 0;
  std::span<const std::uint32_t> rows;  // numbers of the samples

  const float* weights = nullptr;     // all of the layer's, in their order
  const float* statistics = nullptr;  // likewise
  std::span<const float* const> in;
  float* out = nullptr;      // backward: as forward has left it
  float* kept = nullptr;     // kept() floats from forward to backward
  float* scratch = nullptr;  // scratch() floats; their content is lost

  // Backward only: derivatives of the loss.
  const float* d_out = nullptr;
  std::span<float* const> d_in;       // null where nobody asks
  std::span<const bool> d_in_is_set;  // add to what is there, or else set it
  float* d_weights = nullptr;         // to be set, not added to
  /// What the statistics are to move by, the other way round: to be set.
  float* d_statistics = nullptr;
};

/// A function of one or more inputs with parameters. Immutable: its memory is
/// the pass's, so that many workers can walk the same layer at once.
class layer {
 public:
  virtual ~layer() = default;

  virtual shape output() const noexcept = 0;

  /// Parameters that a optimizer moves.
  virtual std::vector<parameter_array> weights() const { return {}; }
  /// Parameters that follow the data instead (running means): a training
  /// step replaces s by s - d_statistics whatever the step size and rule.
  virtual std::vector<parameter_array> statistics() const { return {}; }

  /// Memory in floats; see layer_pass.
  virtual std::size_t kept(std::size_t batch) const {
    static_cast<void>(batch);
    return 0;
  }
  virtual std::size_t scratch(std::size_t batch) const {
    static_cast<void>(batch);
    return 0;
  }

  /// Of the forward pass over one sample; a multiplication with an addition
  /// counts as two. Backward takes as many for the weights, if there are any,
  /// and as many for the input, if anybody asks.
  virtual double flops() const noexcept { return 0.0; }

  /// Whether out may be the memory of in[0], and d_in[0] that of d_out.
  virtual bool works_in_place() const noexcept { return false; }
  /// What backward() reads besides d_out: for the memory plan.
  virtual bool backward_reads_input() const noexcept { return true; }
  virtual bool backward_reads_output() const noexcept { return false; }

  virtual void forward(const layer_pass& pass) const = 0;
  virtual void backward(const layer_pass& pass) const = 0;
};

}  // namespace sounder::kernels

#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <mutex>
#include <span>
#include <string>
#include <vector>

#include "kernels/model/objective.hpp"
#include "kernels/network/image_input.hpp"
#include "kernels/network/layer.hpp"
#include "kernels/network/layer_line.hpp"

namespace sounder::kernels {

struct network_options {
  double l2 = 0.0;               // of the penalty (l2 / 2) |w|^2
  double label_smoothing = 0.0;  // share of the target spread over all classes
};

/// A layer at its place in the network.
struct network_layer {
  layer_line line;
  std::unique_ptr<layer> function;  // none for the input
  std::vector<std::size_t> inputs;  // numbers of layers
  shape output;
  std::size_t weights = 0;  // where its parameters begin in the vector
  std::size_t weight_count = 0;
  std::size_t statistics = 0;
  std::size_t statistic_count = 0;
  bool in_place = false;      // its output is its input's memory
  bool has_gradient = false;  // something to train is at it or before it
};

/// A part of the parameter vector, as files and PyTorch name it.
struct named_array {
  std::string name;  // "conv1.weight"
  std::vector<std::size_t> sizes;
  std::size_t first = 0;
  std::size_t count = 0;
};

/// Where the time of steps went, of all workers.
struct layer_time {
  std::string name;
  double forward_s = 0.0;
  double backward_s = 0.0;
  double flops = 0.0;  // of both, that were done
};

/// A graph of layers as an objective: the mean over the samples of
///
///   -c_i sum_c t_c log softmax(z)_c,   t_c = (1 - e) [c = y] + e / classes
///
/// z the last layer's output, e the label smoothing and c_i the sample's weight
/// in the data set, 1 where that has none; plus (l2 / 2) |w|^2.
/// evaluate() leaves the smoothing out.
///
/// The parameter vector holds the weights of all layers in their order, then
/// all statistics (batch norm's running ones).
///
/// Cost of a step: forward and twice that backward, see flops(); memory for
/// one batch a worker, from a pool, kept for the next step.
class network final : public objective {
 public:
  /// Errors: layer_error, naming the layer: shapes that do not fit, a layer
  /// that nothing uses, no input line first, an output that is no vector of
  /// two or more classes, options out of range.
  explicit network(std::vector<layer_line> lines, network_options options = {});
  ~network() override;

  // ---- what it is
  const std::vector<network_layer>& layers() const noexcept { return layers_; }
  const image_input& input() const noexcept { return input_; }
  std::vector<layer_line> lines() const;
  std::vector<named_array> arrays() const;
  /// Of one sample forward; a multiplication with an addition counts as two.
  double flops() const noexcept;
  std::size_t trainable() const noexcept override { return trainable_; }
  std::size_t least_batch() const noexcept override;
  /// Floats that a worker needs for a step on a batch, besides the vector.
  std::size_t step_memory(std::size_t batch) const;

  // ---- as an objective
  std::size_t dimension() const noexcept override { return dimension_; }
  std::vector<parameter_block> blocks() const override;
  std::size_t outputs() const noexcept override {
    return layers_.back().output.channels;
  }
  void initialise(std::span<float> weights, std::uint64_t seed) const override;
  void find_gradient(const sgd_chunk& batch,
                     std::span<float> gradient) const override;
  void add_gradient(const dataset& data, std::span<const std::uint32_t> rows,
                    const float* weights,
                    std::span<float> gradient) const override;
  std::size_t evaluation_batch() const noexcept override;
  loss_sums evaluate(const dataset& data, std::size_t first, std::size_t last,
                     const float* weights) const override;
  double penalty(const float* weights) const override;
  void predict(const dataset& data, std::size_t first, std::size_t last,
               const float* weights, float* values) const override;
  std::string describe() const override;
  /// A core does about 50 operations in the time that a linear model takes for
  /// a stored value. Between processes a coordinate of a meeting takes some
  /// five times as long as in memory; for a share of the time that is small
  /// there, too, a sample counts a fifth of its operations.
  double row_cost(double values) const noexcept override;

  /// The mean loss that find_gradient() differentiates, without the penalty:
  /// with statistics of the batch itself, and what is drawn drawn by `seed`.
  double training_loss(const dataset& data, std::span<const std::uint32_t> rows,
                       const float* weights, std::uint64_t seed = 0) const;

  // ---- where the time of steps goes; evaluations are left out
  void measure_times(bool on) const noexcept { measures_ = on; }
  std::vector<layer_time> times() const;

 private:
  struct workspace;
  class loan;

  void add_layer(layer_line line);
  void share_memory();
  void plan(workspace& space, std::size_t batch, bool is_training) const;
  layer_pass pass_through(workspace& space, std::size_t k) const;
  void forward(workspace& space) const;
  void backward(workspace& space, std::span<float> gradient) const;
  void set_output_gradient(workspace& space, const dataset& data) const;
  void load(workspace& space, const float* weights, const dataset& data,
            std::span<const std::uint32_t> rows, std::uint64_t seed) const;
  double backward_walks(std::size_t k) const noexcept;
  template <class Use>
  void for_batches(const dataset& data, std::size_t first, std::size_t last,
                   const float* weights, Use use) const;

  std::vector<network_layer> layers_;  // the first is the input
  image_input input_;
  network_options options_;
  std::size_t trainable_ = 0;
  std::size_t dimension_ = 0;

  mutable std::mutex idle_lock_;
  mutable std::vector<std::unique_ptr<workspace>> idle_;

  struct clock_sums;
  mutable std::atomic<bool> measures_{false};
  std::unique_ptr<clock_sums[]> times_;
};

/// The network that another process described (objective::describe); nothing
/// when the text is not of a network.
std::shared_ptr<const network> make_described_network(
    const std::string& description);

}  // namespace sounder::kernels

// Forward and backward through a network.

#include <algorithm>
#include <chrono>
#include <cmath>
#include <numeric>

#include "kernels/model/multi_class_loss.hpp"
#include "kernels/network/memory_plan.hpp"
#include "kernels/network/network_workspace.hpp"
#include "kernels/shared_vector.hpp"

namespace sounder::kernels {

namespace {

/// Rows at a time in evaluation: enough for products of matrices, and no
/// more memory than a step on a usual batch.
constexpr std::size_t rows_at_a_time = 64;

/// The stretches of a walk through layers 0..n-1: forward of layer k is step
/// k, the loss step n, backward of layer k step 2n - k.
class memory_needs {
 public:
  memory_needs(const std::vector<network_layer>& layers, std::size_t batch,
               bool is_training)
      : layers_(layers), batch_(batch), is_training_(is_training) {
    find_owners();
    add_values();
    if (is_training) {
      add_gradients();
    }
    add_kept();
  }

  std::size_t total() { return place(uses_); }
  const memory_use& value(std::size_t k) const { return uses_[owner_[k]]; }
  const memory_use& gradient(std::size_t k) const {
    return uses_[layers_.size() + owner_[k]];
  }
  const memory_use& kept(std::size_t k) const {
    return uses_[uses_.size() - layers_.size() + k];
  }

 private:
  std::size_t backward_of(std::size_t k) const noexcept {
    return 2 * layers_.size() - k;
  }

  /// Whose memory a layer's output is.
  void find_owners() {
    owner_.resize(layers_.size());
    for (std::size_t k = 0; k < layers_.size(); ++k) {
      owner_[k] = layers_[k].in_place ? owner_[layers_[k].inputs[0]] : k;
    }
  }

  void need(memory_use& use, std::size_t step) const noexcept {
    use.first = use.size == 0 ? step : std::min(use.first, step);
    use.last = std::max(use.last, step);
  }

  void add_values() {
    uses_.resize(layers_.size());
    for (std::size_t k = 0; k < layers_.size(); ++k) {
      memory_use& own = uses_[owner_[k]];
      need(own, k);
      own.size = batch_ * layers_[k].output.size();
      for (const std::size_t i : layers_[k].inputs) {
        need(uses_[owner_[i]], k);
        if (is_training_ && layers_[k].function->backward_reads_input()) {
          need(uses_[owner_[i]], backward_of(k));
        }
      }
      if (is_training_ && k > 0 &&
          layers_[k].function->backward_reads_output()) {
        need(own, backward_of(k));
      }
    }
    need(uses_[owner_.back()], layers_.size());
  }

  /// From the first layer backward that adds to it until its own.
  void add_gradients() {
    uses_.resize(2 * layers_.size());
    const auto use = [&](std::size_t k) -> memory_use& {
      return uses_[layers_.size() + owner_[k]];
    };
    for (std::size_t k = layers_.size(); k-- > 0;) {
      if (!layers_[k].has_gradient) {
        continue;
      }
      memory_use& own = use(k);
      need(own, k + 1 == layers_.size() ? layers_.size() : backward_of(k));
      own.size = batch_ * layers_[k].output.size();
      need(own, backward_of(k));
      for (const std::size_t i : layers_[k].inputs) {
        if (layers_[i].has_gradient) {
          memory_use& input = use(i);
          need(input, backward_of(k));
          input.size = batch_ * layers_[i].output.size();
        }
      }
    }
  }

  void add_kept() {
    const std::size_t first = uses_.size();
    uses_.resize(first + layers_.size());
    for (std::size_t k = 1; k < layers_.size(); ++k) {
      uses_[first + k] = {layers_[k].function->kept(batch_), k,
                          is_training_ ? backward_of(k) : k, 0};
    }
  }

  const std::vector<network_layer>& layers_;
  std::size_t batch_;
  bool is_training_;
  std::vector<std::size_t> owner_;
  std::vector<memory_use> uses_;  // values, gradients, what is kept
};

std::size_t most_scratch(const std::vector<network_layer>& layers,
                         std::size_t batch) {
  std::size_t most = 0;
  for (std::size_t k = 1; k < layers.size(); ++k) {
    most = std::max(most, layers[k].function->scratch(batch));
  }
  return most;
}

/// Adds the time from its making to its end.
class stopwatch {
 public:
  explicit stopwatch(std::atomic<std::uint64_t>* sum) : sum_(sum) {
    if (sum_ != nullptr) {
      begin_ = std::chrono::steady_clock::now();
    }
  }
  stopwatch(const stopwatch&) = delete;
  stopwatch& operator=(const stopwatch&) = delete;
  ~stopwatch() {
    if (sum_ != nullptr) {
      const std::chrono::nanoseconds took =
          std::chrono::steady_clock::now() - begin_;
      sum_->fetch_add(static_cast<std::uint64_t>(took.count()),
                      std::memory_order_relaxed);
    }
  }

 private:
  std::atomic<std::uint64_t>* sum_;
  std::chrono::steady_clock::time_point begin_;
};

/// What the loss of a row counts: c_i.
float weight_of(const dataset& data, std::size_t row) noexcept {
  return data.is_weighted() ? data.weights()[row] : 1.0F;
}

}  // namespace

network::loan::loan(const network& owner, std::size_t batch, bool is_training)
    : owner_(owner) {
  {
    const std::scoped_lock lock(owner_.idle_lock_);
    auto& idle = owner_.idle_;
    auto found = std::find_if(idle.begin(), idle.end(), [&](const auto& space) {
      return space->is_training == is_training && space->batch == batch;
    });
    if (found == idle.end()) {
      found = std::find_if(idle.begin(), idle.end(), [&](const auto& space) {
        return space->is_training == is_training;
      });
    }
    if (found != idle.end()) {
      space_ = std::move(*found);
      idle.erase(found);
    }
  }
  if (!space_) {
    space_ = std::make_unique<workspace>();
  }
  if (space_->batch != batch) {
    owner_.plan(*space_, batch, is_training);
  }
}

network::loan::~loan() {
  const std::scoped_lock lock(owner_.idle_lock_);
  owner_.idle_.push_back(std::move(space_));
}

std::size_t network::step_memory(std::size_t batch) const {
  return memory_needs(layers_, batch, true).total() +
         most_scratch(layers_, batch) + dimension_;
}

void network::plan(workspace& space, std::size_t batch,
                   bool is_training) const {
  memory_needs needs(layers_, batch, is_training);
  const std::size_t total = needs.total();
  space.batch = batch;
  space.is_training = is_training;
  space.memory.resize(
      std::max(space.memory.size(), total + most_scratch(layers_, batch)));
  float* const base = space.memory.data();
  space.scratch = base + total;
  space.value.resize(layers_.size());
  space.kept.resize(layers_.size());
  space.gradient.assign(layers_.size(), nullptr);
  for (std::size_t k = 0; k < layers_.size(); ++k) {
    space.value[k] = base + needs.value(k).offset;
    space.kept[k] = base + needs.kept(k).offset;
    if (is_training && layers_[k].has_gradient) {
      space.gradient[k] = base + needs.gradient(k).offset;
    }
  }
}

/// Takes the parameters as they are at this moment (others may be writing
/// them) and the samples.
void network::load(workspace& space, const float* weights, const dataset& data,
                   std::span<const std::uint32_t> rows,
                   std::uint64_t seed) const {
  space.weights.resize(dimension_);
  relaxed::copy(weights, dimension_, space.weights.data());
  space.rows = rows;
  space.seed = seed;
  input_.fill(data, rows, space.is_training, seed, space.value[0]);
}

/// What both ways through a layer have in common, but the inputs.
layer_pass network::pass_through(workspace& space, std::size_t k) const {
  layer_pass pass;
  pass.batch = space.batch;
  pass.is_training = space.is_training;
  pass.seed = space.seed + k;
  pass.rows = space.rows;
  pass.weights = space.weights.data() + layers_[k].weights;
  pass.statistics = space.weights.data() + layers_[k].statistics;
  pass.out = space.value[k];
  pass.kept = space.kept[k];
  pass.scratch = space.scratch;
  return pass;
}

void network::forward(workspace& space) const {
  const bool measured = measures_ && space.is_training;
  std::vector<const float*> in;
  for (std::size_t k = 1; k < layers_.size(); ++k) {
    const network_layer& l = layers_[k];
    in.clear();
    for (const std::size_t i : l.inputs) {
      in.push_back(space.value[i]);
    }
    layer_pass pass = pass_through(space, k);
    pass.in = in;
    const stopwatch watch(measured ? &times_[k].forward : nullptr);
    l.function->forward(pass);
    if (measured) {
      times_[k].forward_samples += space.batch;
    }
  }
}

void network::backward(workspace& space, std::span<float> gradient) const {
  std::vector<const float*> in;
  std::vector<float*> d_in;
  std::vector<char> is_set(layers_.size());
  const auto d_in_is_set = std::make_unique<bool[]>(layers_.size());
  for (std::size_t k = layers_.size(); k-- > 1;) {
    const network_layer& l = layers_[k];
    if (!l.has_gradient) {
      continue;
    }
    in.clear();
    d_in.clear();
    for (std::size_t i = 0; i < l.inputs.size(); ++i) {
      const std::size_t input = l.inputs[i];
      in.push_back(space.value[input]);
      d_in.push_back(space.gradient[input]);
      d_in_is_set[i] = std::exchange(is_set[input], char{1}) != 0;
    }
    layer_pass pass = pass_through(space, k);
    pass.in = in;
    pass.d_out = space.gradient[k];
    pass.d_in = d_in;
    pass.d_in_is_set = {d_in_is_set.get(), l.inputs.size()};
    pass.d_weights = gradient.data() + l.weights;
    pass.d_statistics = gradient.data() + l.statistics;
    const stopwatch watch(measures_ ? &times_[k].backward : nullptr);
    l.function->backward(pass);
    if (measures_) {
      times_[k].backward_samples += space.batch;
    }
  }
}

/// d loss / d z = c (softmax(z) - t) / batch.
void network::set_output_gradient(workspace& space, const dataset& data) const {
  const std::size_t n = outputs();
  const auto part = 1.0F / static_cast<float>(space.batch);
  const auto smooth = static_cast<float>(options_.label_smoothing);
  const std::span<const float> labels = data.labels();
  for (std::size_t b = 0; b < space.batch; ++b) {
    const float* const z = space.value.back() + b * n;
    float* const d = space.gradient.back() + b * n;
    const float share = part * weight_of(data, space.rows[b]);
    softmax_loss::slopes(z, n, static_cast<std::size_t>(labels[space.rows[b]]),
                         d);
    if (smooth > 0.0F) {
      d[static_cast<std::size_t>(labels[space.rows[b]])] += smooth;
    }
    for (std::size_t c = 0; c < n; ++c) {
      d[c] = share * (d[c] - smooth / static_cast<float>(n));
    }
  }
}

void network::find_gradient(const sgd_chunk& batch,
                            std::span<float> gradient) const {
  const loan lent(*this, batch.rows.size(), true);
  workspace& space = *lent;
  load(space, batch.weights, *batch.data, batch.rows, batch.seed);
  forward(space);
  set_output_gradient(space, *batch.data);
  backward(space, gradient);
  if (options_.l2 > 0.0) {
    const auto l2 = static_cast<float>(options_.l2);
#pragma omp simd
    for (std::size_t j = 0; j < trainable_; ++j) {
      gradient[j] += l2 * space.weights[j];
    }
  }
}

void network::add_gradient(const dataset& data,
                           std::span<const std::uint32_t> rows,
                           const float* weights,
                           std::span<float> gradient) const {
  std::vector<float> found(dimension_);
  sgd_chunk batch;
  batch.data = &data;
  batch.rows = rows;
  batch.weights = const_cast<float*>(weights);  // read only
  find_gradient(batch, found);
  for (std::size_t j = 0; j < dimension_; ++j) {
    gradient[j] += found[j];
  }
}

double network::training_loss(const dataset& data,
                              std::span<const std::uint32_t> rows,
                              const float* weights, std::uint64_t seed) const {
  const loan lent(*this, rows.size(), true);
  workspace& space = *lent;
  load(space, weights, data, rows, seed);
  forward(space);
  const std::size_t n = outputs();
  const double smooth = options_.label_smoothing;
  double sum = 0.0;
  for (std::size_t b = 0; b < rows.size(); ++b) {
    const float* const z = space.value.back() + b * n;
    const auto y = static_cast<std::size_t>(data.labels()[rows[b]]);
    const auto own = static_cast<double>(weight_of(data, rows[b]));
    for (std::size_t c = 0; c < n; ++c) {
      const double target =
          (c == y ? 1.0 - smooth : 0.0) + smooth / static_cast<double>(n);
      if (target > 0.0) {
        sum += own * target * static_cast<double>(softmax_loss::value(z, n, c));
      }
    }
  }
  return sum / static_cast<double>(rows.size());
}

/// use(number of the first row, rows, outputs) for some rows at a time.
template <class Use>
void network::for_batches(const dataset& data, std::size_t first,
                          std::size_t last, const float* weights,
                          Use use) const {
  std::vector<std::uint32_t> rows;
  for (std::size_t i = first; i < last; i += rows_at_a_time) {
    rows.resize(std::min(rows_at_a_time, last - i));
    std::iota(rows.begin(), rows.end(), static_cast<std::uint32_t>(i));
    const loan lent(*this, rows.size(), false);
    workspace& space = *lent;
    load(space, weights, data, rows, 0);
    forward(space);
    use(i, rows.size(), space.value.back());
  }
}

std::size_t network::evaluation_batch() const noexcept {
  return rows_at_a_time;
}

loss_sums network::evaluate(const dataset& data, std::size_t first,
                            std::size_t last, const float* weights) const {
  loss_sums sums;
  sums.rows = last - first;
  const std::size_t n = outputs();
  for_batches(
      data, first, last, weights,
      [&](std::size_t begin, std::size_t count, const float* z) {
        for (std::size_t b = 0; b < count; ++b, z += n) {
          const auto y = static_cast<std::size_t>(data.labels()[begin + b]);
          sums.loss += static_cast<double>(weight_of(data, begin + b) *
                                           softmax_loss::value(z, n, y));
          sums.errors +=
              static_cast<std::size_t>(std::max_element(z, z + n) - z) == y
                  ? 0U
                  : 1U;
        }
      });
  return sums;
}

double network::penalty(const float* weights) const {
  double sum = 0.0;
  for (std::size_t j = 0; options_.l2 > 0.0 && j < trainable_; ++j) {
    const double w = static_cast<double>(relaxed::load(weights[j]));
    sum += w * w;
  }
  return 0.5 * options_.l2 * sum;
}

void network::predict(const dataset& data, std::size_t first, std::size_t last,
                      const float* weights, float* values) const {
  for_batches(data, first, last, weights,
              [&](std::size_t begin, std::size_t count, const float* z) {
                std::copy_n(z, count * outputs(),
                            values + (begin - first) * outputs());
              });
}

/// Backward through a layer, in operations of a forward pass: one for its
/// weights, one for its inputs.
double network::backward_walks(std::size_t k) const noexcept {
  const network_layer& l = layers_[k];
  const bool is_asked =
      std::any_of(l.inputs.begin(), l.inputs.end(),
                  [&](std::size_t i) { return layers_[i].has_gradient; });
  return (l.weight_count > 0 ? 1.0 : 0.0) + (is_asked ? 1.0 : 0.0);
}

std::vector<layer_time> network::times() const {
  std::vector<layer_time> all;
  for (std::size_t k = 1; k < layers_.size(); ++k) {
    const clock_sums& sums = times_[k];
    const double walks =
        static_cast<double>(sums.forward_samples.load()) +
        backward_walks(k) * static_cast<double>(sums.backward_samples.load());
    all.push_back({layers_[k].line.name,
                   1e-9 * static_cast<double>(sums.forward.load()),
                   1e-9 * static_cast<double>(sums.backward.load()),
                   walks * layers_[k].function->flops()});
  }
  return all;
}

}  // namespace sounder::kernels

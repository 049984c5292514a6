#pragma once

// A layer at work without a network around it.

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <limits>
#include <memory>
#include <numeric>
#include <string>
#include <vector>

#include "kernels/data/random.hpp"
#include "kernels/network/layer_kinds.hpp"

namespace sounder::tests {

using floats = std::vector<float>;

inline floats random_floats(std::size_t n, std::uint64_t seed) {
  kernels::random_stream random(seed);
  floats values(n);
  for (float& value : values) {
    value = static_cast<float>(random.normal());
  }
  return values;
}

/// Each of +-0.125, +-0.375, +-0.625, .. once, in random order: no two values,
/// and no value and 0, are nearer than 0.125.
inline floats distinct_floats(std::size_t n, std::uint64_t seed) {
  floats values(n);
  for (std::size_t k = 0; k < n; ++k) {
    const float size = 0.125F + 0.25F * static_cast<float>(k / 2);
    values[k] = k % 2 == 0 ? size : -size;
  }
  kernels::random_stream random(seed);
  kernels::shuffle(std::span<float>(values), random);
  return values;
}

inline floats nothing(std::size_t n) {
  return floats(n, std::numeric_limits<float>::quiet_NaN());
}

/// One layer and all the memory of its passes. What a pass must not read is
/// NaN when it begins, what it must not write is watched: a layer that does
/// either does not get the right numbers, or is not `is_tidy`.
class lone_layer {
 public:
  /// `line` as in a network, without inputs.
  lone_layer(const std::string& line, std::vector<kernels::shape> inputs,
             std::size_t batch = 1)
      : batch_(batch), shapes_(std::move(inputs)) {
    function_ =
        kernels::make_layer(kernels::parse_layers(line, "test")[0], shapes_);
    for (std::size_t i = 0; i < shapes_.size(); ++i) {
      in.push_back(random_floats(batch * shapes_[i].size(), 100 + i));
    }
    weights = random_floats(count_of(function_->weights()), 1);
    for (float& w : weights) {
      w *= 0.5F;  // so that nothing saturates
    }
    statistics = random_floats(count_of(function_->statistics()), 2);
    for (float& s : statistics) {
      s = 1.0F + s * s;  // some are variances
    }
    d_out = random_floats(batch * function_->output().size(), 3);
    rows.resize(batch);
    std::iota(rows.begin(), rows.end(), 7U);
  }

  std::vector<floats> in;
  floats weights;
  floats statistics;
  floats d_out;
  std::vector<std::uint32_t> rows;
  std::uint64_t seed = 5;

  // What the last pass has left.
  floats out;
  std::vector<floats> d_in;
  floats d_weights;
  floats d_statistics;
  bool is_tidy = true;  // it kept to its memory

  const kernels::layer& function() const noexcept { return *function_; }
  kernels::shape output() const noexcept { return function_->output(); }
  std::size_t batch() const noexcept { return batch_; }

  const floats& forward(bool is_training = true) {
    begin();
    out = nothing(batch_ * output().size());
    kernels::layer_pass pass = forward_pass(is_training);
    pass.out = out.data();
    function_->forward(pass);
    check_edges();
    return out;
  }

  enum class target { set, add, nobody };

  /// Forward and backward. `add`: to `before`, for each input.
  void train(target to = target::set, const std::vector<floats>& before = {}) {
    forward();
    d_in = before;
    if (to != target::add) {
      d_in.clear();
      for (const floats& x : in) {
        d_in.push_back(nothing(x.size()));
      }
    }
    std::vector<float*> places;
    for (floats& d : d_in) {
      places.push_back(to == target::nobody ? nullptr : d.data());
    }
    // Outputs and inputs that are not asked for may be gone.
    const std::vector<floats> in_before = in;
    const floats out_before = out;
    if (!function_->backward_reads_input()) {
      for (floats& x : in) {
        x = nothing(x.size());
      }
    }
    if (!function_->backward_reads_output()) {
      out = nothing(out.size());
    }
    floats d_above = d_out;
    run_backward(out.data(), d_above.data(), places, to == target::add);
    is_tidy = is_tidy && d_above == d_out;
    in = in_before;
    out = out_before;
  }

  /// The same in the memory of the first input and of d_out.
  void train_in_place() {
    begin();
    const floats before = in[0];
    kernels::layer_pass pass = forward_pass(true);
    pass.out = in[0].data();
    function_->forward(pass);
    out = in[0];
    floats d = d_out;
    run_backward(in[0].data(), d.data(), {d.data()}, true);
    d_in = {d};
    in[0] = before;
  }

  static std::size_t count_of(
      const std::vector<kernels::parameter_array>& arrays) {
    std::size_t count = 0;
    for (const auto& array : arrays) {
      count += array.count();
    }
    return count;
  }

 private:
  static constexpr std::size_t edge = 16;
  static constexpr float mark = 12345.0F;

  void begin() {
    kept_ = marked(function_->kept(batch_));
    scratch_ = marked(function_->scratch(batch_));
    pointers_.clear();
    for (const floats& x : in) {
      pointers_.push_back(x.data());
    }
  }

  static floats marked(std::size_t n) {
    floats values = nothing(n);
    values.resize(n + edge, mark);
    return values;
  }
  void check_edges() {
    for (const floats* values : {&kept_, &scratch_}) {
      is_tidy =
          is_tidy && std::count(values->end() - edge, values->end(), mark) ==
                         static_cast<std::ptrdiff_t>(edge);
    }
  }

  kernels::layer_pass forward_pass(bool is_training) {
    kernels::layer_pass pass;
    pass.batch = batch_;
    pass.is_training = is_training;
    pass.seed = seed;
    pass.rows = rows;
    pass.weights = weights.data();
    pass.statistics = statistics.data();
    pass.in = pointers_;
    pass.kept = kept_.data();
    pass.scratch = scratch_.data();
    return pass;
  }

  void run_backward(float* above, const float* d_above,
                    const std::vector<float*>& places, bool adds) {
    scratch_ = marked(function_->scratch(batch_));
    d_weights = nothing(weights.size());
    d_statistics = nothing(statistics.size());
    const auto is_set = std::make_unique<bool[]>(in.size());
    std::fill_n(is_set.get(), in.size(), adds);
    kernels::layer_pass pass = forward_pass(true);
    pass.out = above;
    pass.d_out = d_above;
    pass.d_in = places;
    pass.d_in_is_set = {is_set.get(), in.size()};
    pass.d_weights = d_weights.data();
    pass.d_statistics = d_statistics.data();
    function_->backward(pass);
    check_edges();
  }

  std::size_t batch_;
  std::vector<kernels::shape> shapes_;
  std::unique_ptr<kernels::layer> function_;
  floats kept_;
  floats scratch_;
  std::vector<const float*> pointers_;
};

/// The largest difference, as a part of the largest number of the two; no
/// number at all is the largest difference.
inline double relative_gap(std::span<const float> a,
                           std::span<const double> b) {
  double gap = a.size() == b.size() ? 0.0 : HUGE_VAL;
  double most = 0.0;
  for (std::size_t k = 0; k < std::min(a.size(), b.size()); ++k) {
    const double distance = std::abs(static_cast<double>(a[k]) - b[k]);
    gap = distance <= gap ? gap : distance;
    most =
        std::max({most, std::abs(static_cast<double>(a[k])), std::abs(b[k])});
  }
  return gap == 0.0 ? 0.0 : (gap == gap ? gap / most : HUGE_VAL);
}

}  // namespace sounder::tests

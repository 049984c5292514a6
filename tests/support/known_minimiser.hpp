#pragma once

// Least squares without noise: y = x.w* for a chosen w*, so the loss of every
// single sample is least at w*, and SGD with a constant step arrives.

#include <algorithm>
#include <cmath>
#include <memory>
#include <vector>

#include "kernels/data/dataset.hpp"
#include "kernels/data/random.hpp"
#include "kernels/model/linear.hpp"

namespace sounder::tests {

class known_minimiser {
 public:
  known_minimiser(std::size_t rows, std::size_t features, std::uint64_t seed) {
    kernels::random_stream random(seed);
    for (std::size_t j = 0; j < features; ++j) {
      minimiser_.push_back(static_cast<float>(random.normal()));
    }
    kernels::dense_storage storage;
    std::vector<float> labels;
    storage.floats.resize(rows * features);
    for (std::size_t i = 0; i < rows; ++i) {
      double y = 0.0;
      for (std::size_t j = 0; j < features; ++j) {
        const auto x = static_cast<float>(random.normal());
        storage.floats.data()[i * features + j] = x;
        y += static_cast<double>(x) * static_cast<double>(minimiser_[j]);
      }
      labels.push_back(static_cast<float>(y));
    }
    data_ = kernels::dataset(std::move(storage), std::move(labels), features);
  }

  const kernels::dataset& data() const noexcept { return data_; }
  const std::vector<float>& minimiser() const noexcept { return minimiser_; }

  std::shared_ptr<const kernels::objective> objective() const {
    return kernels::make_linear(kernels::linear_model::least_squares, data_, 1,
                                {kernels::penalty_form::l2, 0.0});
  }

  /// The largest difference from the minimiser in a coordinate.
  double distance(const std::vector<float>& w) const {
    double most = w.size() == minimiser_.size() ? 0.0 : HUGE_VAL;
    for (std::size_t j = 0; j < minimiser_.size() && j < w.size(); ++j) {
      most = std::max(most, std::abs(static_cast<double>(w[j]) -
                                     static_cast<double>(minimiser_[j])));
    }
    return most;
  }

 private:
  std::vector<float> minimiser_;
  kernels::dataset data_;
};

}  // namespace sounder::tests

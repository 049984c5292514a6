#pragma once

// Losses of a score vector z and a class y, as policies of the multi-class
// kernels.

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <vector>

#include "kernels/model/loss.hpp"

namespace sounder::kernels {

/// -log softmax(z)_y, without overflow.
struct softmax_loss {
  static constexpr float curvature = 0.5F;

  static float value(const float* z, std::size_t n, std::size_t y) noexcept {
    const float top = *std::max_element(z, z + n);
    float sum = 0.0F;
    for (std::size_t c = 0; c < n; ++c) {
      sum += std::exp(z[c] - top);
    }
    return std::log(sum) + top - z[y];
  }

  /// slope[c] = softmax(z)_c - [c = y]. Returns whether any is not zero.
  static bool slopes(const float* z, std::size_t n, std::size_t y,
                     float* slope) noexcept {
    const float top = *std::max_element(z, z + n);
    float sum = 0.0F;
    for (std::size_t c = 0; c < n; ++c) {
      slope[c] = std::exp(z[c] - top);
      sum += slope[c];
    }
    for (std::size_t c = 0; c < n; ++c) {
      slope[c] /= sum;
    }
    slope[y] -= 1.0F;
    return true;
  }
};

/// sum_c k_c max(0, 1 - y_c z_c), y_c = +1 for c = y and -1 for the others: the
/// one-against-rest machines of all classes, trained in one walk.
///
/// k_y is the weight of class y and the other k_c are 1: a class's weight
/// counts in its own machine, where its samples are the positive ones. In the
/// other machines they are negatives like all. Fan et al., LIBLINEAR: train()
/// gives machine c the cost weighted_C[c] for positives and C for the rest.
struct one_against_rest_loss {
  static constexpr float curvature = hinge_loss::curvature;

  std::vector<float> class_weights;  // none: 1 for every class

  float value(const float* z, std::size_t n, std::size_t y) const noexcept {
    float sum = own(y) * hinge_loss::value(z[y], 1.0F);
    for (std::size_t c = 0; c < n; ++c) {
      sum += c == y ? 0.0F : hinge_loss::value(z[c], -1.0F);
    }
    return sum;
  }

  bool slopes(const float* z, std::size_t n, std::size_t y,
              float* slope) const noexcept {
    bool any = false;
    for (std::size_t c = 0; c < n; ++c) {
      slope[c] = hinge_loss::slope(z[c], c == y ? 1.0F : -1.0F);
      any = any || slope[c] != 0.0F;
    }
    slope[y] *= own(y);
    return any;
  }

 private:
  float own(std::size_t y) const noexcept {
    return class_weights.empty() ? 1.0F : class_weights[y];
  }
};

}  // namespace sounder::kernels

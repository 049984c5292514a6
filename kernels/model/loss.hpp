#pragma once

// Losses of one score z and one target y, as policies of the linear kernels.
// A loss of your own is a struct with the same four members.

#include <algorithm>
#include <cmath>

namespace sounder::kernels {

/// max(0, 1 - y z), y = +-1. Cortes, Vapnik 1995.
struct hinge_loss {
  static constexpr bool classifies = true;
  /// Upper bound of the second derivative; 0 when there is none.
  static constexpr float curvature = 0.0F;

  static float value(float z, float y) noexcept {
    return std::max(0.0F, 1.0F - y * z);
  }
  /// d value / d z; at the kink the side where nothing happens.
  static float slope(float z, float y) noexcept {
    return y * z < 1.0F ? -y : 0.0F;
  }
};

/// log(1 + exp(-y z)), y = +-1, without overflow.
struct logistic_loss {
  static constexpr bool classifies = true;
  static constexpr float curvature = 0.25F;

  static float value(float z, float y) noexcept {
    const float m = y * z;
    return std::max(0.0F, -m) + std::log1p(std::exp(-std::abs(m)));
  }
  static float slope(float z, float y) noexcept {
    return -y / (1.0F + std::exp(y * z));
  }
};

/// (z - y)^2 / 2, y real.
struct squared_loss {
  static constexpr bool classifies = false;
  static constexpr float curvature = 1.0F;

  static float value(float z, float y) noexcept {
    return 0.5F * (z - y) * (z - y);
  }
  static float slope(float z, float y) noexcept { return z - y; }
};

}  // namespace sounder::kernels

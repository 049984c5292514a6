#pragma once

// Gradients against differences of the function itself.

#include <cmath>
#include <functional>
#include <limits>
#include <span>
#include <vector>

namespace sounder::tests {

/// How well a gradient fits; see check_gradient.
struct gradient_fit {
  double worst = 0.0;      // difference / what rounding explains
  double sharpness = 0.0;  // what rounding explains / largest derivative
  std::size_t at = 0;      // the coordinate of `worst`

  bool is_good() const noexcept { return worst <= 1.0 && sharpness < 0.005; }
};

/// A function as the sum of single precision terms.
using term_function = std::function<std::vector<double>()>;

/// Compares `gradient` with differences of the sum of terms(), as x moves by
/// h = 2^-5 and 2 h to both sides, one coordinate after the other:
///
///   f'(x) = (8 (f(x + h) - f(x - h)) - (f(x + 2 h) - f(x - 2 h))) / 12 h,
///
/// up to h^4 / 30 f'''''. Tolerance, for what it is worth:
///   - every term that moves is computed with relative error `rounding`, by
///     the formula 18 times, over 12 h;
///   - the fifth derivative is at most 500 times the largest derivative
///     (those of the logistic function and of tanh are below 16, over slopes
///     that may be small), so 500 h^4 / 30 of it: 1.6e-5;
///   - the gradient itself is off by at most `rounding` times 16 of the
///     largest derivative.
/// Kinks must be further than 2 h away.
inline gradient_fit check_gradient(std::span<float> x,
                                   std::span<const float> gradient,
                                   const term_function& terms,
                                   double rounding = 1e-6) {
  constexpr float h = 1.0F / 32.0F;
  double largest = 0.0;
  for (const float g : gradient) {
    largest = std::max(largest, std::abs(static_cast<double>(g)));
  }
  const double curved = 500.0 / 30.0 * std::pow(static_cast<double>(h), 4);
  const double always = (curved + 16.0 * rounding) * largest;
  gradient_fit fit;
  for (std::size_t k = 0; k < x.size(); ++k) {
    const float before = x[k];
    const auto moved = [&](float by) {
      x[k] = before + by;
      return terms();
    };
    const auto up = moved(h);
    const auto down = moved(-h);
    const auto far_up = moved(2.0F * h);
    const auto far_down = moved(-2.0F * h);
    x[k] = before;
    double sum = 0.0;
    double moving = 0.0;
    for (std::size_t j = 0; j < up.size(); ++j) {
      sum += 8.0 * (up[j] - down[j]) - (far_up[j] - far_down[j]);
      if (up[j] != down[j]) {
        moving += std::abs(up[j]) + std::abs(down[j]);
      }
    }
    const double step = 12.0 * static_cast<double>(h);
    const double off = std::abs(sum / step - static_cast<double>(gradient[k]));
    const double explained = always + 9.0 * rounding * moving / step;
    fit.sharpness = std::max(fit.sharpness, explained / largest);
    const double ratio = off == 0.0 ? 0.0 : off / explained;
    if (!(ratio <= fit.worst)) {
      fit.worst = std::isnan(ratio) ? HUGE_VAL : ratio;
      fit.at = k;
    }
  }
  return fit;
}

}  // namespace sounder::tests

#include "kernels/data/random.hpp"

#include <cmath>

// Compiled with -ffp-contract=off: a fused multiply-add rounds once where
// the code says twice, and not every processor has it.

namespace sounder::kernels {

namespace {

constexpr double ln2_high = 0x1.62e42fee00000p-1;  // ln 2, 32 bits of it
constexpr double ln2_low = 0x1.a39ef35793c76p-33;  // and the rest

}  // namespace

double portable_log(double x) noexcept {
  // x = m * 2^e with m in [sqrt(1/2), sqrt(2)); log m = 2 artanh(s).
  int e = 0;
  double m = std::frexp(x, &e);
  if (m < 0x1.6a09e667f3bcdp-1) {
    m *= 2.0;
    --e;
  }
  const double s = (m - 1.0) / (m + 1.0);
  const double s2 = s * s;
  double sum = 0.0;
  for (int k = 23; k > 1; k -= 2) {  // s^23 / 23 < 2^-62
    sum = (sum + 1.0 / k) * s2;
  }
  return e * ln2_high + (2.0 * s + (2.0 * s * sum + e * ln2_low));
}

double portable_exp(double x) noexcept {
  // x = n ln 2 + r, |r| <= ln 2 / 2; Taylor's series for e^r.
  const double n = std::floor(x / (ln2_high + ln2_low) + 0.5);
  const double r = (x - n * ln2_high) - n * ln2_low;
  double sum = 1.0;
  for (int k = 15; k > 0; --k) {  // r^16 / 16! < 2^-68
    sum = 1.0 + r * sum / k;
  }
  return std::ldexp(sum, static_cast<int>(n));
}

double random_stream::normal() noexcept {
  if (has_spare_) {
    has_spare_ = false;
    return spare_;
  }
  double x = 0.0;
  double y = 0.0;
  double square = 0.0;
  do {
    x = 2.0 * uniform() - 1.0;
    y = 2.0 * uniform() - 1.0;
    square = x * x + y * y;
  } while (square >= 1.0 || square == 0.0);
  const double stretch = std::sqrt(-2.0 * portable_log(square) / square);
  spare_ = y * stretch;
  has_spare_ = true;
  return x * stretch;
}

}  // namespace sounder::kernels

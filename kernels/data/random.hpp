#pragma once

// Random numbers and the functions behind them that give the same bits on
// every platform: integer arithmetic and correctly rounded double operations
// only. (The distributions of <random> and libm's log differ between
// libraries and processors.)

#include <cstddef>
#include <cstdint>
#include <span>
#include <utility>

namespace sounder::kernels {

/// Natural logarithm of a positive normal number, within 2 ulp; the same
/// bits everywhere.
double portable_log(double x) noexcept;

/// e^x for |x| <= 700, within 2 ulp; the same bits everywhere.
double portable_exp(double x) noexcept;

/// A stream of random numbers: SplitMix64, a counter through a bijective
/// hash (Steele, Lea, Flood, "Fast splittable pseudorandom number
/// generators", OOPSLA 2014, figure 14; constants by Stafford's mix 13).
///
/// Streams of one seed are independent for our purposes: give every row its
/// own and the result does not depend on who draws first.
class random_stream {
 public:
  explicit random_stream(std::uint64_t seed, std::uint64_t stream = 0) noexcept
      : state_(mix(mix(seed + step) + stream * 0xD1342543DE82EF95ULL)) {}

  /// 64 random bits.
  std::uint64_t next() noexcept {
    state_ += step;
    return mix(state_);
  }

  /// Uniform in [0, 1), a multiple of 2^-53.
  double uniform() noexcept {
    return static_cast<double>(next() >> 11U) * 0x1p-53;
  }

  /// Uniform in {0, ..., bound - 1}; bound > 0. Exact, by rejection (Lemire,
  /// "Fast random integer generation in an interval", TOMACS 2019).
  std::uint32_t below(std::uint32_t bound) noexcept {
    std::uint64_t product = (next() >> 32U) * bound;
    if (static_cast<std::uint32_t>(product) < bound) {
      const std::uint32_t reject = (0U - bound) % bound;
      while (static_cast<std::uint32_t>(product) < reject) {
        product = (next() >> 32U) * bound;
      }
    }
    return static_cast<std::uint32_t>(product >> 32U);
  }

  /// Standard normal (Marsaglia's polar method, SIAM Review 1964).
  double normal() noexcept;

  /// Passes all that changes of it to `all`.
  template <class Archive>
  void keep(Archive& all) {
    all(state_, spare_, has_spare_);
  }

 private:
  static constexpr std::uint64_t step = 0x9E3779B97F4A7C15ULL;

  static constexpr std::uint64_t mix(std::uint64_t z) noexcept {
    z = (z ^ (z >> 30U)) * 0xBF58476D1CE4E5B9ULL;
    z = (z ^ (z >> 27U)) * 0x94D049BB133111EBULL;
    return z ^ (z >> 31U);
  }

  std::uint64_t state_;
  double spare_ = 0.0;  // the polar method makes two at a time
  bool has_spare_ = false;
};

/// A uniform permutation of `values` (Fisher, Yates).
template <class T>
void shuffle(std::span<T> values, random_stream& random) noexcept {
  for (std::size_t left = values.size(); left > 1; --left) {
    const auto chosen = random.below(static_cast<std::uint32_t>(left));
    std::swap(values[left - 1], values[chosen]);
  }
}

}  // namespace sounder::kernels

#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <utility>

namespace sounder::kernels {

/// SplitMix64 (Steele, Lea, Flood, OOPSLA 2014): one addition and a mix per
/// number, the same on every platform. Streams are separated by `mixed`.
class random_stream {
 public:
  using result_type = std::uint64_t;

  explicit random_stream(std::uint64_t seed) noexcept : state_(seed) {}

  static constexpr result_type min() noexcept { return 0; }
  static constexpr result_type max() noexcept { return ~result_type{0}; }

  result_type operator()() noexcept {
    state_ += 0x9E3779B97F4A7C15ULL;
    std::uint64_t z = state_;
    z = (z ^ (z >> 30U)) * 0xBF58476D1CE4E5B9ULL;
    z = (z ^ (z >> 27U)) * 0x94D049BB133111EBULL;
    return z ^ (z >> 31U);
  }

  /// Uniform in [0, bound), bound < 2^32, by multiplication (Lemire 2019);
  /// the bias is below bound / 2^32.
  std::uint32_t below(std::uint32_t bound) noexcept {
    return static_cast<std::uint32_t>(((*this)() >> 32U) * bound >> 32U);
  }

 private:
  std::uint64_t state_;
};

/// A seed that depends on all of its parts.
inline std::uint64_t mixed(std::uint64_t a, std::uint64_t b,
                           std::uint64_t c = 0) noexcept {
  random_stream first(a);
  random_stream second(first() ^ b);
  random_stream third(second() ^ c);
  return third();
}

/// Fisher-Yates.
template <class T>
void shuffle(std::span<T> values, random_stream& random) noexcept {
  for (std::size_t i = values.size(); i > 1; --i) {
    std::swap(values[i - 1],
              values[random.below(static_cast<std::uint32_t>(i))]);
  }
}

}  // namespace sounder::kernels

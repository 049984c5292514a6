// Dropout (Srivastava et al. 2014).

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <cstring>

#include "kernels/data/random.hpp"
#include "kernels/network/layers/families.hpp"

namespace sounder::kernels::layers {

namespace {

/// The chance of a bit, in 2^-16; and 64 such bits at a time.
class bit_chance {
 public:
  explicit bit_chance(double chance) noexcept
      : digits_(static_cast<std::uint32_t>(std::lround(chance * 0x1p16))) {}

  double value() const noexcept { return digits_ * 0x1p-16; }

  /// A fair bit before the binary digits of a chance p makes it p / 2 when
  /// both must be set, 1/2 + p / 2 when one is enough. So one word for each
  /// digit, from the last that is 1 on: one in all for a chance of 1/2.
  std::uint64_t draw(random_stream& random) const noexcept {
    if (digits_ >> 16U != 0) {
      return ~std::uint64_t{0};
    }
    std::uint64_t bits = 0;
    for (std::uint32_t left = digits_ | 1U << 16U; left > 1; left >>= 1U) {
      if ((left & 1U) != 0) {
        bits |= random.next();
      } else if (bits != 0) {
        bits &= random.next();
      }
    }
    return bits;
  }

 private:
  std::uint32_t digits_;
};

///   training    out = x / (1 - rate) with chance 1 - rate, or else 0
///   evaluation  out = x
///
/// Each sample draws from random_stream(seed, its row): the same seed and
/// row, the same choice, whatever the batch. The rate is rounded to 2^-16.
class dropout final : public layer {
 public:
  dropout(shape in, bit_chance stays)
      : in_(in),
        stays_(stays),
        factor_(static_cast<float>(1.0 / stays.value())) {}

  shape output() const noexcept override { return in_; }
  /// A bit a value, the samples in words of their own.
  std::size_t kept(std::size_t batch) const override {
    return batch * words() * floats_a_word;
  }
  double flops() const noexcept override {
    return static_cast<double>(in_.size());
  }
  bool works_in_place() const noexcept override { return true; }
  bool backward_reads_input() const noexcept override { return false; }

  void forward(const layer_pass& pass) const override {
    if (!pass.is_training) {
      if (pass.out != pass.in[0]) {
        std::copy_n(pass.in[0], pass.batch * in_.size(), pass.out);
      }
      return;
    }
    for (std::size_t b = 0; b < pass.batch; ++b) {
      random_stream random(pass.seed, pass.rows[b]);
      for (std::size_t w = 0; w < words(); ++w) {
        const std::uint64_t bits = stays_.draw(random);
        std::memcpy(word(pass.kept, b, w), &bits, sizeof bits);
      }
    }
    apply<false>(pass.kept, pass.batch, pass.in[0], pass.out);
  }

  void backward(const layer_pass& pass) const override {
    float* const d_in = pass.d_in[0];
    if (d_in == nullptr) {
      return;
    }
    if (pass.d_in_is_set[0] && d_in != pass.d_out) {
      apply<true>(pass.kept, pass.batch, pass.d_out, d_in);
    } else {
      apply<false>(pass.kept, pass.batch, pass.d_out, d_in);
    }
  }

 private:
  static constexpr std::size_t bits_a_word = 64;
  static constexpr std::size_t floats_a_word =
      sizeof(std::uint64_t) / sizeof(float);

  std::size_t words() const noexcept {
    return (in_.size() + bits_a_word - 1) / bits_a_word;
  }
  float* word(float* kept, std::size_t b, std::size_t w) const noexcept {
    return kept + (b * words() + w) * floats_a_word;
  }

  /// to = from / (1 - rate) where the bit is set, or else 0; added or set.
  template <bool adds>
  void apply(float* kept, std::size_t batch, const float* from,
             float* to) const {
    for (std::size_t b = 0; b < batch; ++b) {
      for (std::size_t w = 0; w < words(); ++w) {
        std::uint64_t bits = 0;
        std::memcpy(&bits, word(kept, b, w), sizeof bits);
        const std::size_t first = w * bits_a_word;
        const auto n = static_cast<std::uint32_t>(
            std::min(bits_a_word, in_.size() - first));
        const std::uint32_t low = std::min(n, 32U);
        const std::size_t at = b * in_.size() + first;
        apply_half<adds>(static_cast<std::uint32_t>(bits), low, from + at,
                         to + at);
        apply_half<adds>(static_cast<std::uint32_t>(bits >> 32U), n - low,
                         from + at + low, to + at + low);
      }
    }
  }

  template <bool adds>
  void apply_half(std::uint32_t bits, std::uint32_t n, const float* from,
                  float* to) const noexcept {
#pragma omp simd
    for (std::uint32_t k = 0; k < n; ++k) {
      const float value = (bits >> k & 1U) != 0 ? factor_ * from[k] : 0.0F;
      to[k] = adds ? to[k] + value : value;
    }
  }

  shape in_;
  bit_chance stays_;
  float factor_;
};

std::unique_ptr<layer> make(layer_words& words, std::span<const shape> in) {
  const double rate = words.real("rate", 0.5);
  if (!(rate >= 0.0 && rate < 1.0)) {
    words.fail("the rate must be in [0, 1)");
  }
  const bit_chance stays(1.0 - rate);
  if (stays.value() == 0.0) {
    words.fail("the rate rounds to 1, which leaves nothing");
  }
  return std::make_unique<dropout>(in[0], stays);
}

}  // namespace

void add_dropout(std::vector<layer_kind>& kinds) {
  kinds.push_back({"dropout", "rate=0.5", make, 1, 1});
}

}  // namespace sounder::kernels::layers

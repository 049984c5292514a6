// The mean of windows of positions, channel by channel.

#include <algorithm>

#include "kernels/network/layers/d_in.hpp"
#include "kernels/network/layers/families.hpp"
#include "kernels/network/layers/windows.hpp"

namespace sounder::kernels::layers {

namespace {

void add(const float* from, float factor, std::size_t n, float* to) noexcept {
#pragma omp simd
  for (std::size_t c = 0; c < n; ++c) {
    to[c] += factor * from[c];
  }
}

/// The mean of the window's part in the image, or of the whole window with
/// zeros outside (`whole`).
class average_pooling final : public pooling {
 public:
  average_pooling(const windows& w, bool whole) : pooling(w), whole_(whole) {}

  void forward(const layer_pass& pass) const override {
    const std::size_t n = w_.in.channels;
    for (std::size_t b = 0; b < pass.batch; ++b) {
      const float* const image = pass.in[0] + b * w_.in.size();
      w_.each([&](std::size_t at, std::size_t top, std::size_t bottom,
                  std::size_t left, std::size_t right) {
        float* const mean = pass.out + b * w_.out.size() + at * n;
        const float share = share_of((bottom - top) * (right - left));
        std::fill_n(mean, n, 0.0F);
        for (std::size_t y = top; y < bottom; ++y) {
          for (std::size_t x = left; x < right; ++x) {
            add(image + (y * w_.in.width + x) * n, share, n, mean);
          }
        }
      });
    }
  }

  void backward(const layer_pass& pass) const override {
    float* const d_in = cleared_d_in(pass, pass.batch * w_.in.size());
    if (d_in == nullptr) {
      return;
    }
    const std::size_t n = w_.in.channels;
    for (std::size_t b = 0; b < pass.batch; ++b) {
      float* const image = d_in + b * w_.in.size();
      w_.each([&](std::size_t at, std::size_t top, std::size_t bottom,
                  std::size_t left, std::size_t right) {
        const float* const d = pass.d_out + b * w_.out.size() + at * n;
        const float share = share_of((bottom - top) * (right - left));
        for (std::size_t y = top; y < bottom; ++y) {
          for (std::size_t x = left; x < right; ++x) {
            add(d, share, n, image + (y * w_.in.width + x) * n);
          }
        }
      });
    }
  }

 private:
  float share_of(std::size_t positions) const noexcept {
    return 1.0F /
           static_cast<float>(whole_ ? w_.kernel * w_.kernel : positions);
  }

  bool whole_;
};

/// The mean of all positions.
class global_average final : public layer {
 public:
  explicit global_average(shape in) : in_(in) {}

  shape output() const noexcept override { return {1, 1, in_.channels}; }
  double flops() const noexcept override {
    return static_cast<double>(in_.size());
  }
  bool backward_reads_input() const noexcept override { return false; }

  void forward(const layer_pass& pass) const override {
    const float share = 1.0F / static_cast<float>(in_.positions());
    std::fill_n(pass.out, pass.batch * in_.channels, 0.0F);
    for (std::size_t p = 0; p < pass.batch * in_.positions(); ++p) {
      add(pass.in[0] + p * in_.channels, share, in_.channels,
          pass.out + p / in_.positions() * in_.channels);
    }
  }

  void backward(const layer_pass& pass) const override {
    float* const d_in = cleared_d_in(pass, pass.batch * in_.size());
    if (d_in == nullptr) {
      return;
    }
    const float share = 1.0F / static_cast<float>(in_.positions());
    for (std::size_t p = 0; p < pass.batch * in_.positions(); ++p) {
      add(pass.d_out + p / in_.positions() * in_.channels, share, in_.channels,
          d_in + p * in_.channels);
    }
  }

 private:
  shape in_;
};

}  // namespace

void add_average_pools(std::vector<layer_kind>& kinds) {
  kinds.push_back({"average-pool",
                   "SIZE stride=S pad=P ceil whole (zeros outside count)",
                   [](layer_words& words, std::span<const shape> in) {
                     const bool whole = words.flag("whole");
                     return std::make_unique<average_pooling>(
                         read_windows(words, in[0]), whole);
                   },
                   1, 1});
  kinds.push_back({"global-average-pool", "the mean of all positions",
                   [](layer_words&, std::span<const shape> in) {
                     return std::make_unique<global_average>(in[0]);
                   },
                   1, 1});
}

}  // namespace sounder::kernels::layers

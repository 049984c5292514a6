#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "kernels/data/dataset.hpp"
#include "kernels/network/layer_line.hpp"
#include "kernels/network/shape.hpp"

namespace sounder::kernels {

/// The first line of a network: what a sample is, and what becomes of it on
/// the way in.
///
///   image = input 32x32x3 mean=125,123,114 deviation=63,62,67 crop=4 flip
///
/// Samples of several channels are planes in the data (all of the first
/// channel, then the second: CIFAR-10's form, and PyTorch's), neighbours in
/// the network. Channel c of a value x becomes (x - mean_c) / deviation_c.
///
/// In training, `crop` N moves each image by up to N positions up or down and
/// left or right, zeros coming in, and `flip` mirrors it, left to right, with
/// chance 1/2. Both draw from random_stream(seed, row): the same seed and row,
/// the same image.
class image_input {
 public:
  /// Errors: layer_error.
  explicit image_input(const layer_line& line);

  const shape& output() const noexcept { return shape_; }

  /// Values of `rows` of the data, in the network's order, into `out`:
  /// rows.size() * output().size() floats. data.features() is output().size().
  void fill(const dataset& data, std::span<const std::uint32_t> rows,
            bool is_training, std::uint64_t seed, float* out) const;

 private:
  void fill_image(const dataset& data, std::uint32_t row, float* out) const;
  template <class T>
  void spread(const T* planes, float scale, float shift, float* out) const;
  void move(std::uint64_t seed, std::uint32_t row, float* image,
            std::vector<float>& copy) const;

  shape shape_;
  std::vector<float> mean_;    // of a channel
  std::vector<float> factor_;  // 1 / deviation
  std::size_t crop_ = 0;
  bool flip_ = false;
};

/// Mean, deviation and largest magnitude of every channel over all values of
/// the data, for image_input; a deviation within the rounding of floats counts
/// as 1, and so does a magnitude of 0.
struct channel_moments {
  std::vector<double> mean;
  std::vector<double> deviation;
  std::vector<double> largest;
};
channel_moments moments_of(const dataset& data, std::size_t channels);

}  // namespace sounder::kernels

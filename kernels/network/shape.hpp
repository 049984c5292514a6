#pragma once

#include <cstddef>
#include <string>

namespace sounder::kernels {

/// What a layer makes of one sample: an image, or a sequence (height steps of
/// width 1), or a vector (height and width 1). In memory the channels of a
/// position are neighbours, positions go row by row, samples follow each
/// other: a batch is a matrix of batch * positions() rows and `channels`
/// columns.
struct shape {
  std::size_t height = 1;
  std::size_t width = 1;
  std::size_t channels = 1;

  std::size_t positions() const noexcept { return height * width; }
  std::size_t size() const noexcept { return positions() * channels; }
  friend bool operator==(const shape&, const shape&) = default;
};

/// "28x28x1"
inline std::string to_text(const shape& s) {
  return std::to_string(s.height) + 'x' + std::to_string(s.width) + 'x' +
         std::to_string(s.channels);
}

}  // namespace sounder::kernels

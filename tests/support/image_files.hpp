#pragma once

#include <cstdint>
#include <string>

namespace sounder::tests {

inline std::string big_endian(std::uint32_t word) {
  std::string bytes;
  for (const int shift : {24, 16, 8, 0}) {
    bytes += static_cast<char>(word >> shift & 0xff);
  }
  return bytes;
}

/// `count` images of 2 x 3 pixels; pixel j of image i is (7 i + 40 j) mod 256.
inline std::string idx_images(std::uint32_t count) {
  std::string bytes =
      big_endian(2051) + big_endian(count) + big_endian(2) + big_endian(3);
  for (std::uint32_t i = 0; i < count; ++i) {
    for (std::uint32_t j = 0; j < 6; ++j) {
      bytes += static_cast<char>(7 * i + 40 * j);
    }
  }
  return bytes;
}

/// `count` labels; label i is i mod `classes`.
inline std::string idx_labels(std::uint32_t count, std::uint32_t classes = 10) {
  std::string bytes = big_endian(2049) + big_endian(count);
  for (std::uint32_t i = 0; i < count; ++i) {
    bytes += static_cast<char>(i % classes);
  }
  return bytes;
}

/// `count` records; label i is (first + i) mod 10, pixel j is (i + j) mod 251.
inline std::string cifar_records(std::size_t count, std::size_t first = 0) {
  std::string bytes;
  for (std::size_t i = 0; i < count; ++i) {
    bytes += static_cast<char>((first + i) % 10);
    for (std::size_t j = 0; j < 3072; ++j) {
      bytes += static_cast<char>((i + j) % 251);
    }
  }
  return bytes;
}

}  // namespace sounder::tests

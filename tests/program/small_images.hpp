#pragma once

// A small set of images, and networks trained on it by the program.

#include <cstdint>
#include <string>

#include <nlohmann/json.hpp>

#include "tests/program/program.hpp"
#include "tests/support/image_files.hpp"

namespace sounder::tests {

/// A convolution and batch norm over small_images.
inline constexpr const char* small_network =
    "image = input 8x8x1\n"
    "conv1 = conv 4 kernel=4\n"
    "bn1 = batch-norm\n"
    "relu\n"
    "max-pool 2 ceil\n"
    "fc = dense 3 start=xavier\n";

/// A folder in MNIST's form with square images: image i is of class i mod 3,
/// which brightens a quarter of the rows of its own.
class small_images {
 public:
  explicit small_images(std::uint32_t train = 48, std::uint32_t test = 24,
                        std::uint32_t side = 8) {
    here_.file("train-images-idx3-ubyte", images(train, side));
    here_.file("train-labels-idx1-ubyte", idx_labels(train, 3));
    here_.file("t10k-images-idx3-ubyte", images(test, side));
    here_.file("t10k-labels-idx1-ubyte", idx_labels(test, 3));
    network(small_network);
  }

  std::string folder() const { return here_.path().string(); }
  std::string path(const std::string& name) const {
    return (here_ / name).string();
  }
  /// Writes a file of layers.
  std::string network(const std::string& text) const {
    return here_.file("mine.net", text).string();
  }

  words training(const std::string& model, const words& more = {}) const {
    return words{"train", "--data", folder(), "--model", model, "--quiet"} +
           more;
  }
  outcome train(const std::string& model, const words& more = {}) const {
    return program(training(model, more));
  }
  /// Trains into a file of this folder, whose path comes back.
  std::string trained(const std::string& model, const words& more = {}) const {
    const std::string file = path("m.npz");
    const outcome seen = train(model, words{"--save", file} + more);
    INFO(seen.err);
    REQUIRE(seen.code == 0);
    return file;
  }
  nlohmann::json evaluate(const std::string& model_file) const {
    const outcome seen = program({"evaluate", "--model-file", model_file,
                                  "--data", folder(), "--output", "json"});
    INFO(seen.err);
    REQUIRE(seen.code == 0);
    return nlohmann::json::parse(seen.out);
  }

 private:
  static std::string images(std::uint32_t count, std::uint32_t side) {
    std::string bytes = big_endian(2051) + big_endian(count) +
                        big_endian(side) + big_endian(side);
    const std::uint32_t pixels = side * side;
    for (std::uint32_t i = 0; i < count; ++i) {
      for (std::uint32_t j = 0; j < pixels; ++j) {
        const std::uint32_t noise = (i * 37 + j * 11 + i * j) % 60;
        const bool is_bright = 4 * j / pixels == i % 3;
        bytes += static_cast<char>(is_bright ? 180 + noise : noise);
      }
    }
    return bytes;
  }

  temporary_directory here_;
};

}  // namespace sounder::tests

#include "kernels/data/idx.hpp"

#include <algorithm>
#include <array>
#include <cstdint>
#include <utility>
#include <vector>

#include <fmt/format.h>

#include "kernels/data/data_error.hpp"

namespace sounder::kernels {

namespace {

constexpr std::uint32_t image_magic = 2051;
constexpr std::uint32_t label_magic = 2049;
constexpr std::size_t block = std::size_t{1} << 20;

[[noreturn]] void fail_cut_short(const input_file& file) {
  throw data_error(file.name(), "is cut short; fetch it again");
}

std::uint32_t read_word(input_file& file) {
  std::array<char, 4> bytes{};
  if (file.read(bytes) < bytes.size()) {
    fail_cut_short(file);
  }
  std::uint32_t word = 0;
  for (const char byte : bytes) {
    word = word << 8 | static_cast<std::uint8_t>(byte);
  }
  return word;
}

void expect_magic(input_file& file, std::uint32_t expected, const char* kind) {
  const std::uint32_t magic = read_word(file);
  if (magic != expected) {
    throw data_error(file.name(),
                     fmt::format("is not an IDX file of {}: it begins with {}, "
                                 "not {}",
                                 kind, magic, expected));
  }
}

/// The rest of the file, which must be rows * width bytes.
buffer<std::uint8_t> read_rest(input_file& file, std::uint64_t rows,
                               std::uint64_t width) {
  // A header can claim more than 64 bits hold; no file reaches that.
  std::uint64_t left = 0;
  if (__builtin_mul_overflow(rows, width, &left)) {
    fail_cut_short(file);
  }
  buffer<std::uint8_t> bytes;
  while (left > 0) {
    const std::size_t old = bytes.size();
    const std::size_t step = std::min<std::uint64_t>(left, block);
    bytes.resize(old + step);
    if (file.read({reinterpret_cast<char*>(bytes.data() + old), step}) < step) {
      fail_cut_short(file);
    }
    left -= step;
  }
  char more = 0;
  if (file.read({&more, 1}) > 0) {
    throw data_error(file.name(), "goes on after its last sample");
  }
  bytes.shrink_to_fit();
  return bytes;
}

struct image_header {
  std::uint32_t count = 0;
  std::uint64_t width = 0;  // pixels of an image
};

image_header read_header(input_file& images) {
  expect_magic(images, image_magic, "images");
  image_header header;
  header.count = read_word(images);
  const std::uint64_t height = read_word(images);
  header.width = height * read_word(images);
  if (header.count == 0 || header.width == 0) {
    throw data_error(images.name(), "has no samples");
  }
  return header;
}

}  // namespace

dataset read_idx(input_file& images) {
  const image_header header = read_header(images);
  dense_storage rows;
  rows.bytes = read_rest(images, header.count, header.width);
  return {std::move(rows), std::vector<float>(header.count), header.width};
}

dataset read_idx(const std::filesystem::path& images) {
  input_file file(images);
  return read_idx(file);
}

dataset read_idx(input_file& images, input_file& labels) {
  const image_header header = read_header(images);
  expect_magic(labels, label_magic, "labels");
  const std::uint32_t label_count = read_word(labels);
  if (header.count != label_count) {
    throw data_error(labels.name(),
                     fmt::format("has {} labels for {} images in {}",
                                 label_count, header.count, images.name()));
  }
  const buffer<std::uint8_t> label_bytes = read_rest(labels, label_count, 1);
  dense_storage rows;
  rows.bytes = read_rest(images, header.count, header.width);
  return {
      std::move(rows), {label_bytes.begin(), label_bytes.end()}, header.width};
}

dataset read_idx(const std::filesystem::path& images,
                 const std::filesystem::path& labels) {
  input_file image_file(images);
  input_file label_file(labels);
  return read_idx(image_file, label_file);
}

}  // namespace sounder::kernels

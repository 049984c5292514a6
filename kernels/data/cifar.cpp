#include "kernels/data/cifar.hpp"

#include <algorithm>
#include <cstdint>
#include <utility>
#include <vector>

#include <fmt/format.h>

#include "kernels/assert.hpp"
#include "kernels/data/data_error.hpp"

namespace sounder::kernels {

namespace {

constexpr std::size_t record_size = 1 + cifar10_features;
constexpr std::size_t block_size = 170 * record_size;

struct images_read {
  dense_storage rows;
  std::vector<float> labels;
};

void add_record(std::span<const char> record, std::uint64_t number,
                const input_file& file, images_read& result) {
  const auto label = static_cast<std::uint8_t>(record.front());
  if (label > 9) {
    throw data_error(file.name(),
                     fmt::format("record {}: label {} is not 0 to 9; is this "
                                 "CIFAR-10 in binary form?",
                                 number, label));
  }
  if (record.size() < record_size) {
    throw data_error(
        file.name(),
        fmt::format("record {} is cut short; fetch the file again", number));
  }
  result.labels.push_back(label);
  result.rows.bytes.append(
      {reinterpret_cast<const std::uint8_t*>(record.data()) + 1,
       cifar10_features});
}

void add_records(input_file& file, images_read& result) {
  std::vector<char> block(block_size);
  std::uint64_t number = 0;
  std::size_t got = 0;
  do {
    got = file.read(block);
    std::span<const char> left(block.data(), got);
    while (!left.empty()) {
      const auto record = left.first(std::min(left.size(), record_size));
      add_record(record, ++number, file, result);
      left = left.subspan(record.size());
    }
  } while (got == block_size);
}

/// The published batches are of one size: one that is not has lost its end,
/// if whole records are gone.
void check_sizes(std::span<const std::filesystem::path> files,
                 const std::vector<std::size_t>& records) {
  const auto least = std::min_element(records.begin(), records.end());
  const auto most = std::max_element(records.begin(), records.end());
  if (*least != *most) {
    throw data_error(
        files[static_cast<std::size_t>(least - records.begin())].string(),
        fmt::format(
            "has {} records, {} has {}; fetch the file again", *least,
            files[static_cast<std::size_t>(most - records.begin())].string(),
            *most));
  }
}

dataset finish(images_read&& result) {
  result.rows.bytes.shrink_to_fit();
  return {std::move(result.rows), std::move(result.labels), cifar10_features};
}

}  // namespace

dataset read_cifar10(input_file& file) {
  images_read result;
  add_records(file, result);
  return finish(std::move(result));
}

dataset read_cifar10(std::span<const std::filesystem::path> files) {
  SOUNDER_ASSERT(!files.empty());
  images_read result;
  std::vector<std::size_t> records;
  for (const auto& path : files) {
    input_file file(path);
    const std::size_t before = result.labels.size();
    add_records(file, result);
    records.push_back(result.labels.size() - before);
  }
  check_sizes(files, records);
  return finish(std::move(result));
}

}  // namespace sounder::kernels

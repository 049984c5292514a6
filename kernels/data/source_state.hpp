#pragma once

#include <cstdint>
#include <filesystem>
#include <span>
#include <vector>

#include "kernels/data/hash.hpp"

namespace sounder::kernels {

/// What the file system says about a file. Plain memory: it is stored.
struct file_stamp {
  std::uint64_t device = 0;
  std::uint64_t inode = 0;
  std::uint64_t bytes = 0;
  std::int64_t modified_ns = 0;  // of the content; programs may set it
  std::int64_t changed_ns = 0;   // of anything; nobody may set it

  bool operator==(const file_stamp&) const = default;
};

/// The state of the files that a data set is read from, at one moment.
struct source_state {
  std::vector<file_stamp> stamps;
  std::int64_t observed_ns = 0;  // clock just before the stamps were taken
  hash_128 content{};            // of all bytes

  /// Whether equal stamps later on prove equal content. They do not when a
  /// file changed less than 2 s before it was observed: it may have changed
  /// again within the resolution of its time stamps ("racy git").
  bool settled() const noexcept;
};

/// The stamps alone. Errors: data_error, a file that is not there or not a
/// regular file.
std::vector<file_stamp> stamps_of(std::span<const std::filesystem::path> files);

/// Stamps and content.
///
/// Cost:   reads every byte, with `threads` threads.
/// Errors: data_error, a file that cannot be read or changes meanwhile.
source_state observe(std::span<const std::filesystem::path> files,
                     unsigned threads = 0);

}  // namespace sounder::kernels

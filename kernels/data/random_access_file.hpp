#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>

namespace sounder::kernels {

/// An open file for reads at given places, from any number of threads.
class random_access_file {
 public:
  /// Errors: data_error with the system's reason.
  explicit random_access_file(const std::filesystem::path& path);
  random_access_file(const random_access_file&) = delete;
  random_access_file& operator=(const random_access_file&) = delete;
  ~random_access_file();

  std::uint64_t bytes() const noexcept { return bytes_; }

  /// Fills `to`; false when the file ends before or cannot be read.
  bool read(void* to, std::size_t bytes, std::uint64_t at) const noexcept;

 private:
  int file_ = -1;
  std::uint64_t bytes_ = 0;
};

}  // namespace sounder::kernels

#pragma once

#include <cstdint>
#include <stdexcept>
#include <string>

namespace sounder::kernels {

/// Input that cannot be used: an unreadable, damaged or malformed file, or
/// values that do not fit the task. what() is one line that names the place
/// and says what to do:
///
///   train.svm:17: index 0; indices start at 1 (--zero-based if yours do not)
///
/// Thrown by everything in kernels/data before any training starts.
class data_error : public std::runtime_error {
 public:
  /// An error about the whole of `file`.
  data_error(std::string file, const std::string& problem)
      : std::runtime_error(file + ": " + problem), file_(std::move(file)) {}

  /// An error in line `line` (counted from 1) of `file`.
  data_error(std::string file, std::uint64_t line, const std::string& problem)
      : std::runtime_error(file + ":" + std::to_string(line) + ": " + problem),
        file_(std::move(file)),
        line_(line) {}

  const std::string& file() const noexcept { return file_; }

  /// Line counted from 1; 0 when the error is about the whole file.
  std::uint64_t line() const noexcept { return line_; }

 private:
  std::string file_;
  std::uint64_t line_ = 0;
};

}  // namespace sounder::kernels

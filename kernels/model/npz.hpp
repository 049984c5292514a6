#pragma once

// NumPy's .npz: a zip archive of arrays in the .npy format, version 1.0
// (numpy.lib.format). `name` opens the messages of errors.

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

struct zip;  // of libzip

namespace sounder::kernels {

/// Collects arrays; stored without compression, in the order they were added.
/// The same arrays give the same bytes.
class npz_writer {
 public:
  explicit npz_writer(std::string name) : name_(std::move(name)) {}

  /// Numbers in C order; no sizes: a single one.
  /// T: float, double, std::int64_t.
  template <class T>
  void add(const std::string& key, std::span<const T> values,
           std::span<const std::size_t> sizes);
  /// A string, as NumPy has it: four bytes a character. ASCII.
  void add(const std::string& key, std::string_view text);

  /// The archive. Throws data_error when it cannot be made.
  std::string finish() const;

 private:
  std::string name_;
  std::vector<std::pair<std::string, std::string>> arrays_;
};

/// Reads arrays from an archive in memory.
/// Errors: data_error, naming the array, for what is missing, damaged, of
///         another type, or not in C order.
class npz_reader {
 public:
  npz_reader(std::string_view content, std::string name);

  bool has(const std::string& key) const;
  /// Of all arrays, in the order of the archive.
  std::vector<std::string> keys() const;

  template <class T>
  std::vector<T> numbers(const std::string& key,
                         std::vector<std::size_t>* sizes = nullptr) const;

  template <class T>
  T number(const std::string& key) const {
    const std::vector<T> values = numbers<T>(key);
    if (values.size() != 1) {
      fail("array '" + key + "' is not a single value");
    }
    return values[0];
  }

  std::string text(const std::string& key) const;

  [[noreturn]] void fail(const std::string& problem) const;

 private:
  struct array {
    std::string type;
    std::vector<std::size_t> sizes;
    std::string bytes;
  };
  struct close_archive {
    void operator()(zip* archive) const noexcept;
  };

  std::string content_of(const std::string& key) const;
  array read(const std::string& key) const;
  void check_count(const array& found, const std::string& key,
                   std::size_t values) const;

  std::string name_;
  std::unique_ptr<zip, close_archive> archive_;
};

}  // namespace sounder::kernels

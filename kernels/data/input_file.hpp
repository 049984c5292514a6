#pragma once

#include <cstddef>
#include <filesystem>
#include <memory>
#include <span>
#include <string>

namespace sounder::kernels {

/// The content of a file, front to back: plain, or compressed by gzip, bzip2
/// or xz. The first bytes decide which, not the name; concatenated streams
/// read as one.
///
/// Errors:   data_error when the file is missing, unreadable, a directory or
///           empty, when its compressed form is damaged or cut short, and when
///           the system fails to read. Damage shows when it is reached: by
///           then earlier bytes have been handed out.
/// Cost:     plain bytes go from the system to the caller's memory; memory for
///           decompression is that of the format.
/// Threads:  one at a time.
class input_file {
 public:
  explicit input_file(const std::filesystem::path& path);

  /// `content` as though it were the file `name`; the caller keeps the memory.
  input_file(std::string name, std::span<const char> content);

  input_file(const input_file&) = delete;
  input_file& operator=(const input_file&) = delete;
  ~input_file();

  /// The next bytes, as many as `where` holds; fewer only at the end.
  std::size_t read(std::span<char> where);

  /// Reads the rest of a compressed form, for damage in it to show.
  void check_rest();

  /// The path as given, for messages.
  const std::string& name() const noexcept { return name_; }

 private:
  class stored_bytes;
  class unpacker;

  void choose_decompression();

  std::string name_;
  std::unique_ptr<stored_bytes> stored_;
  std::unique_ptr<unpacker> unpacked_;  // none when stored plain
  bool has_content_ = false;
};

}  // namespace sounder::kernels

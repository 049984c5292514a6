#pragma once

#include <cstddef>
#include <filesystem>
#include <span>
#include <string>
#include <string_view>

namespace sounder::kernels {

/// A file that appears whole or not at all.
///
/// Writes go to a temporary name next to `path`; commit() makes them durable
/// (fsync), renames over `path` and makes the rename durable. Until then, and
/// after any failure, whatever was at `path` is untouched. An existing file
/// keeps its permissions, and a symbolic link keeps pointing where it did.
///
///   atomic_file out("model.txt");
///   out.write("w\n");
///   out.commit();
///
/// What is no regular file but can be written (a pipe, a terminal, /dev/null)
/// gets the bytes as they come, and so does an open descriptor: /dev/stdout,
/// /dev/stderr, /dev/fd/N. A reader that leaves early there is no error: the
/// rest is for nobody.
///
/// Errors:   data_error with the file and the system's reason, from every
///           member; a path that is a directory or a block device is refused.
///           The temporary is removed by then or by the destructor. A file
///           size limit raises SIGXFSZ, a reader that leaves SIGPIPE, which the
///           program should ignore.
/// Cost:     writes are gathered in a buffer of 256 KiB.
/// Threads:  one at a time.
class atomic_file {
 public:
  explicit atomic_file(const std::filesystem::path& path);
  atomic_file(const atomic_file&) = delete;
  atomic_file& operator=(const atomic_file&) = delete;
  ~atomic_file();

  void write(std::string_view text);
  /// Binary content; std::as_bytes makes the span.
  void write(std::span<const std::byte> bytes) {
    write(std::string_view(reinterpret_cast<const char*>(bytes.data()),
                           bytes.size()));
  }

  /// Call once, last.
  void commit();

 private:
  void open_temporary(bool exists, unsigned permissions);
  void flush();
  void write_through(std::string_view text);
  void discard() noexcept;
  [[noreturn]] void fail(const char* what, int reason);

  std::string name_;                 // as the caller gave it, for messages
  std::filesystem::path target_;     // symbolic links resolved
  std::filesystem::path temporary_;  // empty once renamed or removed
  bool is_stream_ = false;           // written as it comes
  bool has_reader_ = true;           // of a stream
  std::string pending_;
  int file_ = -1;
};

/// The descriptor that these names of it stand for: /dev/stdout, /dev/stderr,
/// /dev/fd/N, /proc/self/fd/N; -1 for all other paths.
int descriptor_named(const std::filesystem::path& path);

}  // namespace sounder::kernels

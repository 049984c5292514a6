#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <string_view>

#include "kernels/buffer.hpp"
#include "kernels/data/input_file.hpp"

namespace sounder::kernels {

/// Bytes that a worker takes from the file at a time. Small enough that the
/// text and what is parsed from it stay in the core's cache.
inline constexpr std::size_t default_block_bytes = std::size_t{256} << 10;

inline constexpr std::size_t longest_line = std::size_t{1} << 30;

/// The text of a file in blocks of whole lines. Lines end with LF, CR LF or CR
/// alone; the last of these reads as LF. A UTF-8 byte-order mark is no text.
///
/// Errors:   data_error for UTF-16, for a line beyond 1 GiB, and what `file`
///           throws.
/// Cost:     one copy of a line that crosses blocks.
/// Threads:  one at a time.
class line_blocks {
 public:
  line_blocks(input_file& file, std::size_t block_bytes)
      : file_(file), block_bytes_(block_bytes) {}

  /// What comes next, without taking it: at least so many bytes, or all that
  /// there are. Valid until the next call.
  std::string_view ahead(std::size_t bytes);

  /// Whether ahead() has shown the end of the file.
  bool has_ended() const noexcept { return at_end_; }

  /// Passes over the first `bytes` of what ahead() has shown.
  void skip(std::size_t bytes);

  /// Lines that were passed over.
  std::uint64_t lines_skipped() const noexcept { return lines_skipped_; }

  /// Fills `block` with about block_bytes of lines; empty at the end. All lines
  /// but the last of the file end with '\n' there; that one does, too.
  void next(buffer<char>& block);

  input_file& file() noexcept { return file_; }

 private:
  void fill(buffer<char>& text);
  void begin(buffer<char>& text);
  bool keep_rest(buffer<char>& block, std::size_t first);

  input_file& file_;
  std::size_t block_bytes_;
  buffer<char> rest_;  // read, but not handed out: from skipped_ on
  std::size_t skipped_ = 0;
  std::uint64_t lines_skipped_ = 0;
  bool at_start_ = true;
  bool at_end_ = false;
};

/// All lines at once, for files that are small next to the samples.
/// Errors: data_error, as line_blocks and input_file.
buffer<char> whole_text(const std::filesystem::path& path);

}  // namespace sounder::kernels

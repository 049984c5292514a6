#pragma once

#include <cstddef>
#include <memory>
#include <span>
#include <stdexcept>
#include <string_view>

namespace sounder::kernels {

enum class file_compression { none, gzip, bzip2, xz };

/// "gzip", "bzip2", "xz".
std::string_view name(file_compression form) noexcept;

/// What these first bytes of a file begin. Looks far enough to tell a
/// compressed file from text that begins alike.
file_compression compression_of(std::string_view head) noexcept;
inline constexpr std::size_t compression_head = 10;  // bytes that it looks at

/// Whether another compressed stream of the same form begins here.
bool begins_stream(file_compression form, std::string_view head) noexcept;
inline constexpr std::size_t stream_head = 6;  // bytes that it looks at

/// A compressed stream whose checksums or whose form are wrong.
class damaged_stream : public std::runtime_error {
 public:
  damaged_stream() : std::runtime_error("damaged") {}
};

/// Decompresses one stream (in gzip's words: a member) at a time.
///
/// Errors:   damaged_stream; std::bad_alloc.
/// Threads:  one at a time.
class stream_decoder {
 public:
  /// Bytes taken from the input and put into the output.
  struct progress {
    std::size_t taken = 0;
    std::size_t made = 0;
    bool has_ended = false;  // the stream
  };

  virtual ~stream_decoder() = default;

  /// As far as input and output go; both are 4 GiB at most.
  virtual progress run(std::span<const char> in, std::span<char> out) = 0;

  /// Begins the next stream.
  virtual void restart() = 0;
};

std::unique_ptr<stream_decoder> make_decoder(file_compression form);

}  // namespace sounder::kernels

#include "kernels/data/input_file.hpp"

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <new>
#include <string_view>
#include <utility>

#include <boost/iostreams/categories.hpp>
#include <boost/iostreams/filter/bzip2.hpp>
#include <boost/iostreams/filter/gzip.hpp>
#include <boost/iostreams/filter/lzma.hpp>
#include <boost/iostreams/filtering_streambuf.hpp>
#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include "kernels/data/data_error.hpp"

namespace sounder::kernels {

namespace io = boost::iostreams;
using namespace std::string_view_literals;

namespace {

constexpr std::streamsize filter_block = std::streamsize{64} << 10;
constexpr std::size_t head_size = 10;

enum class compression { none, gzip, bzip2, xz };

/// Looks far enough to tell a compressed file from text that begins alike.
compression compression_of(std::string_view head) {
  if (head.starts_with("\x1f\x8b\x08"sv)) {
    return compression::gzip;
  }
  if (head.starts_with("\xfd"
                       "7zXZ\0"sv)) {
    return compression::xz;
  }
  if (head.size() == head_size && head.starts_with("BZh"sv)) {
    const std::string_view first = head.substr(4);  // block, or end of stream
    if (first == "1AY&SY"sv || first == "\x17rE8P\x90"sv) {
      return compression::bzip2;
    }
  }
  return compression::none;
}

}  // namespace

/// The bytes as they are stored, in a file or in the caller's memory.
class input_file::stored_bytes {
 public:
  stored_bytes(std::string name, std::span<const char> memory)
      : name_(std::move(name)), head_(memory) {}

  stored_bytes(std::string name, const std::filesystem::path& path)
      : name_(std::move(name)) {
    file_ = open(path.c_str(), O_RDONLY | O_CLOEXEC);
    if (file_ < 0) {
      fail("cannot open", errno);
    }
    struct stat info {};
    if (fstat(file_, &info) == 0 && S_ISDIR(info.st_mode)) {
      fail("cannot read", EISDIR);
    }
    // The head is looked at and handed out later, for a pipe cannot go back.
    head_ = {head_memory_, read_file(head_memory_, head_size)};
  }

  stored_bytes(const stored_bytes&) = delete;
  stored_bytes& operator=(const stored_bytes&) = delete;
  ~stored_bytes() { close_file(); }

  std::string_view head() const noexcept {
    return {head_.data(), std::min(head_.size(), head_size)};
  }

  /// `size` bytes; fewer only at the end.
  std::size_t read(char* where, std::size_t size) {
    const std::size_t ready = std::min(size, head_.size());
    std::copy_n(head_.data(), ready, where);
    head_ = head_.subspan(ready);
    return ready + read_file(where + ready, size - ready);
  }

 private:
  std::size_t read_file(char* where, std::size_t size) {
    std::size_t done = 0;
    while (file_ >= 0 && done < size) {
      const ssize_t got = ::read(file_, where + done, size - done);
      if (got > 0) {
        done += static_cast<std::size_t>(got);
      } else if (got == 0) {
        close_file();
      } else if (errno != EINTR) {
        fail("cannot read", errno);
      }
    }
    return done;
  }

  void close_file() noexcept {
    if (file_ >= 0) {
      close(std::exchange(file_, -1));
    }
  }

  [[noreturn]] void fail(const char* what, int reason) {
    close_file();  // the constructor may be the one that fails
    throw data_error(name_, fmt::format("{}: {}", what, std::strerror(reason)));
  }

  std::string name_;
  int file_ = -1;
  char head_memory_[head_size] = {};
  std::span<const char> head_;  // read ahead, or the whole of the memory
};

/// The stored bytes in the form that Boost's filters read from.
struct input_file::filter_source {
  using char_type = char;
  using category = io::source_tag;

  stored_bytes* stored;

  std::streamsize read(char* where, std::streamsize size) {
    const auto got = stored->read(where, static_cast<std::size_t>(size));
    return got == 0 && size > 0 ? -1 : static_cast<std::streamsize>(got);
  }
};

input_file::input_file(const std::filesystem::path& path)
    : name_(path.string()),
      stored_(std::make_unique<stored_bytes>(name_, path)) {
  choose_decompression();
}

input_file::input_file(std::string name, std::span<const char> content)
    : name_(std::move(name)),
      stored_(std::make_unique<stored_bytes>(name_, content)) {
  choose_decompression();
}

input_file::~input_file() = default;

void input_file::choose_decompression() {
  auto filters = std::make_unique<io::filtering_streambuf<io::input>>();
  switch (compression_of(stored_->head())) {
    case compression::none:
      return;
    case compression::gzip:
      filters->push(io::gzip_decompressor(), filter_block);
      break;
    case compression::bzip2:
      filters->push(io::bzip2_decompressor(), filter_block);
      break;
    case compression::xz:
      filters->push(io::lzma_decompressor(), filter_block);
      break;
  }
  filters->push(filter_source{stored_.get()}, filter_block);
  unpacked_ = std::move(filters);
}

std::size_t input_file::read(std::span<char> where) {
  std::size_t got = 0;
  if (!unpacked_) {
    got = stored_->read(where.data(), where.size());
  } else {
    try {
      got = static_cast<std::size_t>(unpacked_->sgetn(
          where.data(), static_cast<std::streamsize>(where.size())));
    } catch (const data_error&) {
      throw;  // the system failed, not the format
    } catch (const std::ios_base::failure&) {
      throw data_error(name_,
                       "the compressed file is damaged or cut short; "
                       "fetch or make it again");
    }
  }
  has_content_ = has_content_ || got > 0;
  if (!has_content_ && !where.empty()) {
    throw data_error(name_, "is empty");
  }
  return got;
}

void input_file::check_rest() {
  std::array<char, filter_block> unread;
  while (unpacked_ && read(unread) == unread.size()) {
  }
}

std::string whole_text(const std::filesystem::path& path) {
  constexpr std::size_t block = std::size_t{1} << 20U;
  input_file file(path);
  std::string text;
  for (std::size_t got = block; got == block;) {
    const std::size_t before = text.size();
    text.resize(before + block);
    got = file.read(std::span(text).subspan(before));
    text.resize(before + got);
  }
  return text;
}

}  // namespace sounder::kernels

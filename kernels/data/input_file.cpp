#include "kernels/data/input_file.hpp"

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <string_view>
#include <utility>

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include "kernels/data/data_error.hpp"
#include "kernels/data/decompress.hpp"

namespace sounder::kernels {

namespace {

constexpr std::size_t packed_block = std::size_t{64} << 10;
constexpr std::size_t unpacked_block = std::size_t{1} << 30;  // at most
constexpr std::size_t head_size = compression_head;

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

  const std::string& name() const noexcept { return name_; }

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

/// The content of compressed streams, one behind the other.
class input_file::unpacker {
 public:
  unpacker(file_compression form, stored_bytes& stored)
      : form_(form), decoder_(make_decoder(form)), stored_(stored) {}

  /// `where.size()` bytes; fewer only at the end.
  std::size_t read(std::span<char> where) {
    std::size_t made = 0;
    while (made < where.size() && (is_in_stream_ || begin_next())) {
      require(1);
      const auto step = decoder_->run(
          waiting(),
          where.subspan(made, std::min(where.size() - made, unpacked_block)));
      first_ += step.taken;
      made += step.made;
      is_in_stream_ = !step.has_ended;
      if (is_in_stream_ && step.made == 0 && waiting().empty() && at_end_) {
        throw damaged_stream();  // cut short
      }
    }
    return made;
  }

 private:
  std::span<const char> waiting() const {
    return std::span(packed_).subspan(first_, last_ - first_);
  }

  /// Has so many stored bytes waiting, or all that are left.
  void require(std::size_t bytes) {
    if (last_ - first_ >= bytes || at_end_) {
      return;
    }
    std::copy(packed_.begin() + first_, packed_.begin() + last_,
              packed_.begin());
    offset_ += first_;
    last_ -= first_;
    first_ = 0;
    const std::size_t got =
        stored_.read(packed_.data() + last_, packed_.size() - last_);
    at_end_ = got < packed_.size() - last_;
    last_ += got;
  }

  /// Passes over padding; false at the end of the file.
  bool begin_next() {
    const std::uint64_t behind = offset_ + first_;  // the stream that has ended
    for (require(1); !waiting().empty() && waiting()[0] == 0; require(1)) {
      ++first_;
    }
    require(stream_head);
    if (waiting().empty()) {
      return false;
    }
    if (!begins_stream(form_, {waiting().data(), waiting().size()})) {
      throw data_error(
          stored_.name(),
          fmt::format("the {} data ends after {} bytes, and what follows is "
                      "neither more of it nor zeros; fetch the file again, or "
                      "cut it off there (head -c {})",
                      kernels::name(form_), behind, behind));
    }
    decoder_->restart();
    return true;
  }

  file_compression form_;
  std::unique_ptr<stream_decoder> decoder_;
  stored_bytes& stored_;
  std::array<char, packed_block> packed_{};
  std::size_t first_ = 0;  // of those that wait, in packed_
  std::size_t last_ = 0;
  std::uint64_t offset_ = 0;  // of packed_ in the file
  bool is_in_stream_ = true;
  bool at_end_ = false;  // of the file
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
  const file_compression form = compression_of(stored_->head());
  if (form != file_compression::none) {
    unpacked_ = std::make_unique<unpacker>(form, *stored_);
  }
}

std::size_t input_file::read(std::span<char> where) {
  std::size_t got = 0;
  if (!unpacked_) {
    got = stored_->read(where.data(), where.size());
  } else {
    try {
      got = unpacked_->read(where);
    } catch (const damaged_stream&) {
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
  std::array<char, packed_block> unread;
  while (unpacked_ && read(unread) == unread.size()) {
  }
}

}  // namespace sounder::kernels

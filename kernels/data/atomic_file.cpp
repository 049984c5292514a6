#include "kernels/data/atomic_file.hpp"

#include <atomic>
#include <cerrno>
#include <charconv>
#include <cstring>
#include <system_error>
#include <utility>

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include "kernels/data/data_error.hpp"

namespace sounder::kernels {

namespace fs = std::filesystem;

namespace {

constexpr std::size_t gather = std::size_t{256} << 10;

fs::path directory_of(const fs::path& file) {
  return file.has_parent_path() ? file.parent_path() : fs::path(".");
}

/// A name nobody else uses: other processes differ in the first number,
/// other files of this one in the second.
fs::path temporary_name(const fs::path& target) {
  static std::atomic<unsigned> count{0};
  return directory_of(target) / fmt::format(".{}.{}-{}.tmp",
                                            target.filename().string(),
                                            getpid(), count++);
}

/// Makes a rename in `directory` survive a power cut. File systems that
/// cannot (EINVAL) need not.
int sync_directory(const fs::path& directory) {
  const int d = open(directory.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (d < 0) {
    return errno == EACCES ? 0 : errno;  // writable but not listable: fine
  }
  const int reason = fsync(d) == 0 || errno == EINVAL ? 0 : errno;
  close(d);
  return reason;
}

/// Where symbolic links lead, up to one that stands for a descriptor.
fs::path followed(fs::path path) {
  constexpr int most_links = 40;  // what Linux follows, too
  std::error_code none;
  for (int i = 0; i < most_links && descriptor_named(path) < 0 &&
                  fs::is_symlink(path, none);
       ++i) {
    path = path.parent_path() / fs::read_symlink(path, none);
  }
  return path;
}

}  // namespace

int descriptor_named(const fs::path& path) {
  const std::string name = path.lexically_normal().string();
  if (name == "/dev/stdout" || name == "/dev/stderr") {
    return name == "/dev/stdout" ? STDOUT_FILENO : STDERR_FILENO;
  }
  for (const std::string_view folder : {"/dev/fd/", "/proc/self/fd/"}) {
    if (name.starts_with(folder)) {
      int number = 0;
      const char* const last = name.data() + name.size();
      const auto [end, problem] =
          std::from_chars(name.data() + folder.size(), last, number);
      return problem == std::errc() && end == last ? number : -1;
    }
  }
  return -1;
}

atomic_file::atomic_file(const fs::path& path) : name_(path.string()) {
  target_ = followed(path);
  pending_.reserve(gather);
  if (const int descriptor = descriptor_named(target_); descriptor >= 0) {
    is_stream_ = true;
    file_ = fcntl(descriptor, F_DUPFD_CLOEXEC, 0);
    if (file_ < 0) {
      fail("cannot write", errno);
    }
    return;
  }
  struct stat old {};
  const bool exists = stat(target_.c_str(), &old) == 0;
  if (exists && (S_ISDIR(old.st_mode) || S_ISBLK(old.st_mode))) {
    throw data_error(name_, "cannot write here: not a regular file");
  }
  if (!target_.has_filename()) {
    throw data_error(name_, "cannot write here: no file name");
  }
  is_stream_ = exists && !S_ISREG(old.st_mode);
  if (!is_stream_) {
    open_temporary(exists, old.st_mode);
    return;
  }
  file_ = open(target_.c_str(), O_WRONLY | O_CLOEXEC);
  if (file_ < 0) {
    fail("cannot write", errno);
  }
}

void atomic_file::open_temporary(bool exists, unsigned permissions) {
  do {
    temporary_ = temporary_name(target_);
    file_ =
        open(temporary_.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666);
  } while (file_ < 0 && errno == EEXIST);  // left by a process that was killed
  if (file_ < 0) {
    const int reason = errno;
    temporary_.clear();
    fail("cannot write", reason);
  }
  if (exists) {
    // Somebody else's file may refuse; then it gets the default permissions.
    static_cast<void>(fchmod(file_, permissions & 07777));
  }
}

atomic_file::~atomic_file() { discard(); }

void atomic_file::write(std::string_view text) {
  if (pending_.size() + text.size() > gather) {
    flush();
  }
  if (text.size() >= gather) {
    write_through(text);
  } else {
    pending_.append(text);
  }
}

void atomic_file::commit() {
  flush();
  if (!is_stream_ && fsync(file_) != 0) {
    fail("cannot write", errno);
  }
  const int closed = close(std::exchange(file_, -1));
  if (closed != 0) {
    fail("cannot write", errno);
  }
  if (is_stream_) {
    return;
  }
  if (rename(temporary_.c_str(), target_.c_str()) != 0) {
    fail("cannot replace the file", errno);
  }
  temporary_.clear();
  if (const int reason = sync_directory(directory_of(target_)); reason != 0) {
    fail("written, but may not survive a power cut", reason);
  }
}

void atomic_file::flush() {
  write_through(pending_);
  pending_.clear();
}

void atomic_file::write_through(std::string_view text) {
  while (!text.empty() && has_reader_) {
    const ssize_t written = ::write(file_, text.data(), text.size());
    if (written >= 0) {
      text.remove_prefix(static_cast<std::size_t>(written));
    } else if (is_stream_ && errno == EPIPE) {
      has_reader_ = false;
    } else if (errno != EINTR) {
      fail("cannot write", errno);
    }
  }
}

void atomic_file::discard() noexcept {
  if (file_ >= 0) {
    close(std::exchange(file_, -1));
  }
  if (!temporary_.empty()) {
    unlink(temporary_.c_str());
    temporary_.clear();
  }
}

void atomic_file::fail(const char* what, int reason) {
  discard();
  throw data_error(name_, fmt::format("{}: {}", what, std::strerror(reason)));
}

}  // namespace sounder::kernels

#include "kernels/data/random_access_file.hpp"

#include <cerrno>
#include <cstring>
#include <string>

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "kernels/data/data_error.hpp"

namespace sounder::kernels {

random_access_file::random_access_file(const std::filesystem::path& path)
    : file_(open(path.c_str(), O_RDONLY | O_CLOEXEC)) {
  struct stat status {};
  if (file_ < 0 || fstat(file_, &status) != 0) {
    const std::string reason = std::strerror(errno);
    if (file_ >= 0) {
      close(file_);
    }
    throw data_error(path.string(), "cannot read: " + reason);
  }
  bytes_ = static_cast<std::uint64_t>(status.st_size);
}

random_access_file::~random_access_file() { close(file_); }

bool random_access_file::read(void* to, std::size_t bytes,
                              std::uint64_t at) const noexcept {
  auto* place = static_cast<char*>(to);
  while (bytes > 0) {
    const ssize_t got = pread(file_, place, bytes, static_cast<off_t>(at));
    if (got > 0) {
      place += got;
      at += static_cast<std::uint64_t>(got);
      bytes -= static_cast<std::size_t>(got);
    } else if (got == 0 || errno != EINTR) {
      return false;
    }
  }
  return true;
}

}  // namespace sounder::kernels

#include "kernels/shared_vector.hpp"

#include <algorithm>
#include <cerrno>
#include <system_error>

#include <sys/mman.h>
#include <unistd.h>

namespace sounder::kernels {

namespace {

std::size_t page_bytes() {
  static const auto bytes = static_cast<std::size_t>(sysconf(_SC_PAGESIZE));
  return bytes;
}

std::size_t whole_pages(std::size_t bytes) {
  const std::size_t page = page_bytes();
  return std::max((bytes + page - 1) / page * page, page);
}

[[noreturn]] void fail(const char* what) {
  throw std::system_error(errno, std::generic_category(), what);
}

}  // namespace

shared_vector::shared_vector(std::size_t size)
    : size_(size), bytes_(whole_pages(size * sizeof(float))) {
  file_ = memfd_create("sounder-parameters", MFD_CLOEXEC);
  if (file_ < 0) {
    fail("no file for the parameters");
  }
  void* where = MAP_FAILED;
  if (ftruncate(file_, static_cast<off_t>(bytes_)) == 0) {
    where = mmap(nullptr, bytes_, PROT_READ | PROT_WRITE, MAP_SHARED, file_, 0);
  }
  if (where == MAP_FAILED) {
    const int problem = errno;
    close(file_);
    errno = problem;
    fail(problem == EFBIG
             ? "the limit on file sizes (ulimit -f) is below the parameters"
             : "no memory for the parameters");
  }
  data_ = static_cast<float*>(where);
}

shared_vector::~shared_vector() {
  munmap(data_, bytes_);
  close(file_);
}

std::vector<float> shared_vector::snapshot() const {
  std::vector<float> copy(size_);
  relaxed::copy(data_, size_, copy.data());
  return copy;
}

void shared_vector::scale(float factor) noexcept {
  for (std::size_t i = 0; i < size_; ++i) {
    relaxed::store(data_[i], relaxed::load(data_[i]) * factor);
  }
}

private_head::private_head(shared_vector& whole, std::size_t head)
    : whole_(whole) {
  const std::size_t own_bytes =
      head == 0 ? 0 : std::min(whole_pages(head * sizeof(float)), whole.bytes_);
  head_ = std::min(own_bytes / sizeof(float), whole.size_);
  base_.resize(head_);
  void* where = mmap(nullptr, whole.bytes_, PROT_READ | PROT_WRITE,
                     MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (where == MAP_FAILED) {
    fail("no memory for a worker's private head");
  }
  data_ = static_cast<float*>(where);
  if (own_bytes < whole.bytes_) {
    void* tail = static_cast<char*>(where) + own_bytes;
    if (mmap(tail, whole.bytes_ - own_bytes, PROT_READ | PROT_WRITE,
             MAP_SHARED | MAP_FIXED, whole.file_,
             static_cast<off_t>(own_bytes)) == MAP_FAILED) {
      munmap(where, whole.bytes_);
      fail("no memory for a worker's private head");
    }
  }
  reload();
}

private_head::~private_head() { munmap(data_, whole_.bytes_); }

void private_head::reload() noexcept {
  relaxed::copy(whole_.data(), head_, base_.data());
  std::copy(base_.begin(), base_.end(), data_);
}

void private_head::exchange(std::size_t offset) noexcept {
  const std::size_t cut = std::min(offset, head_);
  relaxed::exchange_differences(whole_.data() + cut, data_ + cut,
                                base_.data() + cut, head_ - cut);
  relaxed::exchange_differences(whole_.data(), data_, base_.data(), cut);
}

}  // namespace sounder::kernels

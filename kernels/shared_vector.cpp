#include "kernels/shared_vector.hpp"

#include <algorithm>
#include <cerrno>
#include <system_error>

#include <Eigen/Core>
#include <sys/mman.h>
#include <unistd.h>

namespace sounder::kernels {

namespace relaxed {

#if SOUNDER_SPELL_OUT_RACES

float dense_dot(const float* x, std::size_t n, const float* w) noexcept {
  float sum = 0.0F;
  for (std::size_t j = 0; j < n; ++j) {
    sum += x[j] * load(w[j]);
  }
  return sum;
}

void dense_scores(const float* w, const float* x, std::size_t n, std::size_t m,
                  std::size_t b, float scale, float* z) noexcept {
  for (std::size_t k = 0; k < b; ++k) {
    std::fill_n(z + k * n, n, 0.0F);
    for (std::size_t j = 0; j < m; ++j) {
      add_scaled(scale * x[k * m + j], w + j * n, n, z + k * n);
    }
  }
}

void dense_outer_add(const float* s, const float* x, std::size_t n,
                     std::size_t m, std::size_t b, float factor,
                     float* w) noexcept {
  for (std::size_t k = 0; k < b; ++k) {
    for (std::size_t j = 0; j < m; ++j) {
      dense_decay_and_add(s + k * n, n, factor * x[k * m + j], 1.0F, w + j * n);
    }
  }
}

#else

namespace {

Eigen::Map<Eigen::MatrixXf> matrix(float* values, std::size_t rows,
                                   std::size_t columns) {
  return {values, static_cast<Eigen::Index>(rows),
          static_cast<Eigen::Index>(columns)};
}
Eigen::Map<const Eigen::MatrixXf> matrix(const float* values, std::size_t rows,
                                         std::size_t columns) {
  return {values, static_cast<Eigen::Index>(rows),
          static_cast<Eigen::Index>(columns)};
}

}  // namespace

float dense_dot(const float* x, std::size_t n, const float* w) noexcept {
  using vector = Eigen::Map<const Eigen::VectorXf>;
  const auto size = static_cast<Eigen::Index>(n);
  return vector(x, size).dot(vector(w, size));
}

void dense_scores(const float* w, const float* x, std::size_t n, std::size_t m,
                  std::size_t b, float scale, float* z) noexcept {
  matrix(z, n, b).noalias() = scale * (matrix(w, n, m) * matrix(x, m, b));
}

void dense_outer_add(const float* s, const float* x, std::size_t n,
                     std::size_t m, std::size_t b, float factor,
                     float* w) noexcept {
  matrix(w, n, m).noalias() +=
      factor * (matrix(s, n, b) * matrix(x, m, b).transpose());
}

#endif

}  // namespace relaxed

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

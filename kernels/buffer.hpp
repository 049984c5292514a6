#pragma once

// Memory for data sets and parameters: growable without copying, backed by
// huge pages, never touched before it is written.

#include <algorithm>
#include <cstddef>
#include <span>
#include <type_traits>
#include <utility>

namespace sounder::kernels {

namespace detail {

/// Address space for `bytes` bytes, aligned to 2 MiB and advised for huge
/// pages; pages become resident when first written. Throws std::bad_alloc.
void* map_pages(std::size_t bytes);
void unmap_pages(void* where, std::size_t bytes) noexcept;
/// Grows or shrinks a mapping; the content stays, the address may change.
void* remap_pages(void* where, std::size_t old_bytes, std::size_t new_bytes);

}  // namespace detail

/// A move-only array of trivial values in memory mapped for it alone.
///
/// Why not std::vector: growth must not double the peak (a data set fills
/// most of the machine), new elements must not be zeroed twice, and random
/// access over hundreds of MB needs huge pages.
///
/// Growth moves page table entries, not bytes. reserve() costs address space
/// only, so reserving an upper bound and shrinking at the end is free.
///
/// Threads: as std::vector.
template <class T>
class buffer {
  static_assert(std::is_trivially_copyable_v<T>);

 public:
  buffer() = default;
  /// `size` elements, all zero.
  explicit buffer(std::size_t size) { resize(size); }
  buffer(buffer&& other) noexcept
      : data_(std::exchange(other.data_, nullptr)),
        size_(std::exchange(other.size_, 0)),
        capacity_(std::exchange(other.capacity_, 0)) {}
  buffer& operator=(buffer&& other) noexcept {
    buffer moved(std::move(other));
    std::swap(data_, moved.data_);
    std::swap(size_, moved.size_);
    std::swap(capacity_, moved.capacity_);
    return *this;
  }
  ~buffer() {
    if (data_ != nullptr) {
      detail::unmap_pages(data_, capacity_ * sizeof(T));
    }
  }

  T* data() noexcept { return data_; }
  const T* data() const noexcept { return data_; }
  std::size_t size() const noexcept { return size_; }
  std::size_t capacity() const noexcept { return capacity_; }
  bool empty() const noexcept { return size_ == 0; }
  T& operator[](std::size_t i) noexcept { return data_[i]; }
  const T& operator[](std::size_t i) const noexcept { return data_[i]; }
  T* begin() noexcept { return data_; }
  T* end() noexcept { return data_ + size_; }
  const T* begin() const noexcept { return data_; }
  const T* end() const noexcept { return data_ + size_; }

  void reserve(std::size_t capacity) {
    if (capacity > capacity_) {
      set_capacity(capacity);
    }
  }
  /// New elements are zero when they were never written before.
  void resize(std::size_t size) {
    if (size > capacity_) {
      set_capacity(size > 2 * capacity_ ? size : 2 * capacity_);
    }
    size_ = size;
  }
  void append(std::span<const T> values) {
    const std::size_t old = size_;
    resize(old + values.size());
    std::copy(values.begin(), values.end(), data_ + old);
  }
  void push_back(T value) {
    resize(size_ + 1);
    data_[size_ - 1] = value;
  }
  void shrink_to_fit() {
    if (size_ < capacity_) {
      set_capacity(size_);
    }
  }

 private:
  void set_capacity(std::size_t capacity) {
    void* grown = data_ == nullptr
                      ? detail::map_pages(capacity * sizeof(T))
                      : detail::remap_pages(data_, capacity_ * sizeof(T),
                                            capacity * sizeof(T));
    data_ = static_cast<T*>(grown);
    capacity_ = capacity;
  }

  T* data_ = nullptr;
  std::size_t size_ = 0;
  std::size_t capacity_ = 0;
};

}  // namespace sounder::kernels

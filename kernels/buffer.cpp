#include "kernels/buffer.hpp"

#include <algorithm>
#include <cstdint>
#include <cstring>
#include <new>

#include <sys/mman.h>

namespace sounder::kernels::detail {

namespace {

constexpr std::size_t page = 4096;
constexpr std::size_t huge_page = std::size_t{2} << 20;

std::size_t whole_pages(std::size_t bytes) {
  return std::max((bytes + page - 1) / page * page, page);
}

}  // namespace

void* map_pages(std::size_t bytes) {
  const std::size_t length = whole_pages(bytes);
  const std::size_t slack = length >= huge_page ? huge_page : 0;
  void* raw = mmap(nullptr, length + slack, PROT_READ | PROT_WRITE,
                   MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
  if (raw == MAP_FAILED) {
    throw std::bad_alloc();
  }
  if (slack == 0) {
    return raw;
  }
  // Cut the ends off so that the block starts on a huge page.
  const auto address = reinterpret_cast<std::uintptr_t>(raw);
  const auto aligned = (address + huge_page - 1) / huge_page * huge_page;
  const std::size_t before = aligned - address;
  if (before > 0) {
    munmap(raw, before);
  }
  if (slack > before) {
    munmap(reinterpret_cast<void*>(aligned + length), slack - before);
  }
  void* where = reinterpret_cast<void*>(aligned);
  madvise(where, length, MADV_HUGEPAGE);  // a hint: may be refused
  return where;
}

void unmap_pages(void* where, std::size_t bytes) noexcept {
  munmap(where, whole_pages(bytes));
}

void* remap_pages(void* where, std::size_t old_bytes, std::size_t new_bytes) {
  const std::size_t old_length = whole_pages(old_bytes);
  const std::size_t length = whole_pages(new_bytes);
#if defined(__SANITIZE_THREAD__)
  // The thread sanitizer does not see mremap: it would take whoever gets the
  // old addresses next for a racer.
  void* copied = map_pages(length);
  std::memcpy(copied, where, std::min(old_length, length));
  unmap_pages(where, old_length);
  return copied;
#endif
  // A block of huge pages moves to an aligned place, or they would be split.
  const bool to_aligned = length > old_length && length >= huge_page;
  void* target = to_aligned ? map_pages(length) : nullptr;
  void* moved = to_aligned ? mremap(where, old_length, length,
                                    MREMAP_MAYMOVE | MREMAP_FIXED, target)
                           : mremap(where, old_length, length, MREMAP_MAYMOVE);
  if (moved == MAP_FAILED) {
    if (to_aligned) {
      unmap_pages(target, length);
    }
    throw std::bad_alloc();
  }
  if (length >= huge_page) {
    madvise(moved, length, MADV_HUGEPAGE);
  }
  return moved;
}

}  // namespace sounder::kernels::detail

#pragma once

// The parameters that several workers read and write at once, and the only
// races of the program: HOGWILD! means them (Niu, Recht, Re, Wright 2011).
//
// Every access to memory that another thread may be writing goes through a
// function of this file. They are relaxed: no order, no read-modify-write
// atomicity, but never a torn float. Under the thread sanitizer they are
// spelled as std::atomic_ref loads and stores, one by one; elsewhere the same
// loops are left to the vectoriser, since aligned four-byte accesses are
// atomic on every CPU we build for and no compiler vectorises atomic_ref.

#include <algorithm>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

namespace sounder::kernels {

#if defined(__SANITIZE_THREAD__)
#define SOUNDER_SPELL_OUT_RACES 1
#elif defined(__has_feature)
#if __has_feature(thread_sanitizer)
#define SOUNDER_SPELL_OUT_RACES 1
#endif
#endif
#ifndef SOUNDER_SPELL_OUT_RACES
#define SOUNDER_SPELL_OUT_RACES 0
#endif

namespace relaxed {

#if SOUNDER_SPELL_OUT_RACES

inline float load(const float& x) noexcept {
  return std::atomic_ref<float>(const_cast<float&>(x))
      .load(std::memory_order_relaxed);
}
inline void store(float& x, float value) noexcept {
  std::atomic_ref<float>(x).store(value, std::memory_order_relaxed);
}

#else

inline float load(const float& x) noexcept { return x; }
inline void store(float& x, float value) noexcept { x = value; }

#endif

/// sum_k value[k] * w[index[k]]
inline float sparse_dot(const std::uint32_t* index, const float* value,
                        std::size_t n, const float* w) noexcept {
  float sum = 0.0F;
#pragma omp simd reduction(+ : sum)
  for (std::size_t k = 0; k < n; ++k) {
    sum += value[k] * load(w[index[k]]);
  }
  return sum;
}

/// w[index[k]] += factor * value[k]; the indices of a row are distinct.
inline void sparse_add(const std::uint32_t* index, const float* value,
                       std::size_t n, float factor, float* w) noexcept {
#pragma GCC unroll 4
  for (std::size_t k = 0; k < n; ++k) {
    float& x = w[index[k]];
    store(x, load(x) + factor * value[k]);
  }
}

/// w_u <- (w_u + factor * value) * (1 - step * rate_u), u = index[k].
inline void sparse_add_then_decay(const std::uint32_t* index,
                                  const float* value, std::size_t n,
                                  float factor, float step, const float* rate,
                                  float* w) noexcept {
#pragma GCC unroll 4
  for (std::size_t k = 0; k < n; ++k) {
    const std::uint32_t u = index[k];
    const float moved = load(w[u]) + factor * value[k];
    store(w[u], moved * (1.0F - step * rate[u]));
  }
}

/// w_u <- w_u * keep + factor * value, u = index[k].
inline void sparse_decay_and_add(const std::uint32_t* index, const float* value,
                                 std::size_t n, float factor, float keep,
                                 float* w) noexcept {
#pragma GCC unroll 4
  for (std::size_t k = 0; k < n; ++k) {
    float& x = w[index[k]];
    store(x, load(x) * keep + factor * value[k]);
  }
}

/// sum_j x[j] * w[j]
float dense_dot(const float* x, std::size_t n, const float* w) noexcept;

/// w[j] = w[j] * keep + factor * x[j]
inline void dense_decay_and_add(const float* x, std::size_t n, float factor,
                                float keep, float* w) noexcept {
#pragma omp simd
  for (std::size_t j = 0; j < n; ++j) {
    store(w[j], load(w[j]) * keep + factor * x[j]);
  }
}

/// z[c] += x * w[c], c < n: the step of a score vector over one feature.
inline void add_scaled(float x, const float* w, std::size_t n,
                       float* z) noexcept {
#pragma omp simd
  for (std::size_t c = 0; c < n; ++c) {
    z[c] += x * load(w[c]);
  }
}

/// z = scale * w x for a batch: w (n x m), x (m x b), z (n x b), all stored
/// column by column. Cost: 2 n m b flops.
void dense_scores(const float* w, const float* x, std::size_t n, std::size_t m,
                  std::size_t b, float scale, float* z) noexcept;

/// w += factor * s x^T for a batch: s (n x b), x (m x b), w (n x m), stored as
/// above. Cost: 2 n m b flops.
void dense_outer_add(const float* s, const float* x, std::size_t n,
                     std::size_t m, std::size_t b, float factor,
                     float* w) noexcept;

/// Copies what others may be writing.
inline void copy(const float* from, std::size_t n, float* to) noexcept {
#pragma omp simd
  for (std::size_t j = 0; j < n; ++j) {
    to[j] = load(from[j]);
  }
}

inline void exchange_line(float* shared, float* mine, float* base,
                          std::size_t n) noexcept {
#pragma omp simd
  for (std::size_t j = 0; j < n; ++j) {
    const float sum = load(shared[j]) + (mine[j] - base[j]);
    store(shared[j], sum);
    mine[j] = sum;
    base[j] = sum;
  }
}

/// shared += mine - base, then mine = base = shared: brings the differences
/// of one worker in and takes those of the others out. Two workers that meet
/// on an element within nanoseconds can lose one of the two differences, as
/// anywhere in HOGWILD!.
inline void exchange_differences(float* shared, float* mine, float* base,
                                 std::size_t n) noexcept {
  // Lines that another core wrote last are asked for in a state that can be
  // written at once, well before they are needed.
  constexpr std::size_t line = 16;
  constexpr std::size_t ahead = 16 * line;
  for (std::size_t j = 0; j < n; j += line) {
    __builtin_prefetch(shared + std::min(j + ahead, n - 1), 1);
    exchange_line(shared + j, mine + j, base + j, std::min(line, n - j));
  }
}

}  // namespace relaxed

class private_head;

/// A float vector in memory that can be mapped more than once, so that a
/// worker can see its first pages as its own and the rest as everybody's.
///
/// Zero at first. Throws std::system_error when memory is short.
class shared_vector {
 public:
  explicit shared_vector(std::size_t size);
  shared_vector(const shared_vector&) = delete;
  shared_vector& operator=(const shared_vector&) = delete;
  ~shared_vector();

  std::size_t size() const noexcept { return size_; }
  float* data() noexcept { return data_; }
  const float* data() const noexcept { return data_; }

  /// A copy of the elements, taken while others may be writing them.
  std::vector<float> snapshot() const;

  /// Every element *= factor. Not while others write.
  void scale(float factor) noexcept;

 private:
  friend class private_head;

  std::size_t size_;
  std::size_t bytes_;  // whole pages
  int file_;
  float* data_;
};

/// One worker's view of a shared_vector: the first elements are its own copy
/// until it exchanges, the others are the shared ones. One base pointer
/// serves both, so the hot loop cannot tell.
///
///   view = [ private pages: head | shared pages: tail ]
///
/// The head is rounded up to whole pages of 1,024 floats (or the vector); a
/// head of 0 shares everything.
/// Threads: one view belongs to one worker; views of many workers live side
/// by side. The vector must outlive its views.
class private_head {
 public:
  private_head(shared_vector& whole, std::size_t head);
  private_head(const private_head&) = delete;
  private_head& operator=(const private_head&) = delete;
  ~private_head();

  float* data() noexcept { return data_; }
  std::size_t head() const noexcept { return head_; }

  /// Takes the shared head over, dropping own differences.
  void reload() noexcept;

  /// Adds own differences to the shared head and takes the result over:
  /// relaxed::exchange_differences, starting at `offset` and wrapping round,
  /// so that workers do not walk side by side.
  void exchange(std::size_t offset) noexcept;

 private:
  shared_vector& whole_;
  std::size_t head_;
  float* data_;
  std::vector<float> base_;
};

}  // namespace sounder::kernels

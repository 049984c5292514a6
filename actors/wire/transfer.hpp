#pragma once

// Floats on their way over a stream, a piece at a time, without anything around
// them: both sides know what comes when.

#include <algorithm>
#include <array>
#include <cstddef>
#include <optional>
#include <span>

#include "actors/wire/stream.hpp"

namespace sounder::actors {

/// Both count bytes. Throw stream_error.
struct sending {
  const char* first = nullptr;
  std::size_t size = 0;
  std::size_t done = 0;

  void start(std::span<const float> w) {
    first = reinterpret_cast<const char*>(w.data());
    size = w.size_bytes();
    done = 0;
  }
  bool is_over() const noexcept { return done == size; }

  /// Up to `limit` of its bytes. True when anything moved.
  bool send_on(stream& to, std::size_t limit) {
    const std::size_t before = done;
    for (std::size_t n = 1; n > 0 && done < limit; done += n) {
      n = to.write_some(first + done, limit - done);
    }
    return done > before;
  }
};

class receiving {
 public:
  /// Into the place of w; or with a scale w = (w + what comes) * scale.
  void start(std::span<float> w, std::optional<float> scale = std::nullopt) {
    w_ = w;
    scale_ = scale;
    done_ = 0;
  }
  bool is_over() const noexcept { return done_ == w_.size_bytes(); }

  /// Of whole numbers that are in.
  std::size_t done() const noexcept { return done_ - done_ % sizeof(float); }

  /// True when anything moved.
  bool receive_on(stream& from) {
    const std::size_t before = done_;
    for (std::size_t n = 1; n > 0 && !is_over(); done_ += n) {
      n = scale_ ? add_some(from)
                 : from.read_some(reinterpret_cast<char*>(w_.data()) + done_,
                                  w_.size_bytes() - done_);
    }
    return done_ > before;
  }

 private:
  /// The bytes of a number that is not whole yet stay in the buffer's front.
  std::size_t add_some(stream& from) {
    auto* const bytes = reinterpret_cast<char*>(buffer_.data());
    const std::size_t kept = done_ % sizeof(float);
    const std::size_t most = std::min(sizeof buffer_, w_.size_bytes() - done());
    const std::size_t n = from.read_some(bytes + kept, most - kept);
    const std::size_t whole = (kept + n) / sizeof(float);
    float* const sum = w_.data() + done_ / sizeof(float);
    const float* const more = buffer_.data();
    const float scale = *scale_;
#pragma omp simd
    for (std::size_t j = 0; j < whole; ++j) {
      sum[j] = (sum[j] + more[j]) * scale;
    }
    std::copy_n(bytes + whole * sizeof(float), (kept + n) % sizeof(float),
                bytes);
    return n;
  }

  std::span<float> w_;
  std::optional<float> scale_;
  std::size_t done_ = 0;
  std::array<float, std::size_t{1} << 14U> buffer_;
};

}  // namespace sounder::actors

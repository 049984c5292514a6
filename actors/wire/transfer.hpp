#pragma once

#include <cstddef>

#include "actors/wire/stream.hpp"

namespace sounder::actors {

/// Floats on their way over a stream, a piece at a time, without anything
/// around them: both sides know what comes when. Throw stream_error.
struct transfer {
  float* first = nullptr;
  std::size_t size = 0;
  std::size_t done = 0;

  void start(float* from, std::size_t n) {
    first = from;
    size = n * sizeof(float);
    done = 0;
  }
  bool is_over() const noexcept { return done == size; }
  char* here() const noexcept { return reinterpret_cast<char*>(first) + done; }

  /// Up to `limit` of its bytes.
  bool send_on(stream& to, std::size_t limit) {
    bool moved = false;
    while (done < limit) {
      const std::size_t n = to.write_some(here(), limit - done);
      if (n == 0) {
        break;
      }
      done += n;
      moved = true;
    }
    return moved;
  }
  bool receive_on(stream& from) {
    bool moved = false;
    while (!is_over()) {
      const std::size_t n = from.read_some(here(), size - done);
      if (n == 0) {
        break;
      }
      done += n;
      moved = true;
    }
    return moved;
  }
};

}  // namespace sounder::actors

#include "actors/replica/start_line.hpp"

#include <chrono>

#include "kernels/data/parallel.hpp"

namespace sounder::actors {

void start_line::arrive() noexcept {
  constexpr std::chrono::microseconds longest(300);
  const std::uint64_t number = came_.fetch_add(1);
  if (workers_ > kernels::thread_count(0)) {
    return;
  }
  const std::uint64_t all = (number / workers_ + 1) * workers_;
  const auto until = std::chrono::steady_clock::now() + longest;
  while (came_.load() < all && std::chrono::steady_clock::now() < until) {
  }
}

}  // namespace sounder::actors

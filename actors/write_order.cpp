#include "actors/write_order.hpp"

#include <algorithm>
#include <functional>

namespace sounder::actors {

void coordinate_locks::lock(std::vector<std::uint32_t>& features) noexcept {
  const bool ascending =
      std::adjacent_find(features.begin(), features.end(),
                         std::greater_equal<>()) == features.end();
  if (!ascending) {
    std::sort(features.begin(), features.end());
    features.erase(std::unique(features.begin(), features.end()),
                   features.end());
  }
  for (const std::uint32_t u : features) {
    backoff wait;
    while (locks_[u].exchange(1, std::memory_order_acquire) != 0) {
      wait.wait();
    }
  }
}

void coordinate_locks::unlock(
    std::span<const std::uint32_t> features) noexcept {
  for (const std::uint32_t u : features) {
    locks_[u].store(0, std::memory_order_release);
  }
}

}  // namespace sounder::actors

#include "kernels/network/memory_plan.hpp"

#include <algorithm>
#include <vector>

namespace sounder::kernels {

std::size_t place(std::span<memory_use> uses) {
  constexpr std::size_t line = 16;
  std::vector<memory_use*> by_size;
  for (memory_use& use : uses) {
    use.size = (use.size + line - 1) / line * line;
    by_size.push_back(&use);
  }
  std::stable_sort(
      by_size.begin(), by_size.end(),
      [](const auto* a, const auto* b) { return a->size > b->size; });
  std::vector<const memory_use*> placed;  // by offset
  std::size_t end = 0;
  for (memory_use* const use : by_size) {
    use->offset = 0;
    for (const memory_use* const other : placed) {
      const bool meet = other->first <= use->last && use->first <= other->last;
      if (meet && other->offset >= use->offset + use->size) {
        break;
      }
      if (meet) {
        use->offset = std::max(use->offset, other->offset + other->size);
      }
    }
    placed.insert(std::upper_bound(placed.begin(), placed.end(), use,
                                   [](const auto* a, const auto* b) {
                                     return a->offset < b->offset;
                                   }),
                  use);
    end = std::max(end, use->offset + use->size);
  }
  return end;
}

}  // namespace sounder::kernels

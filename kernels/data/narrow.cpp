#include "kernels/data/narrow.hpp"

#include <unordered_set>
#include <utility>
#include <vector>

#include "kernels/assert.hpp"

namespace sounder::kernels {

narrowed narrow(dataset&& data, std::size_t features) {
  SOUNDER_ASSERT(data.is_sparse());
  if (data.features() <= features) {
    return {std::exchange(data, {}).widened(features), 0};
  }
  std::vector<float> labels(data.labels().begin(), data.labels().end());
  sparse_storage s = std::move(data).release_sparse();
  std::unordered_set<std::uint32_t> left_out;
  std::uint64_t kept = 0;
  std::uint64_t k = 0;
  for (std::size_t i = 0; i < labels.size(); ++i) {
    for (; k < s.start[i + 1]; ++k) {
      if (s.index[k] < features) {
        s.index[kept] = s.index[k];
        s.value[kept++] = s.value[k];
      } else {
        left_out.insert(s.index[k]);
      }
    }
    s.start[i + 1] = kept;
  }
  s.index.resize(kept);
  s.value.resize(kept);
  return {dataset(std::move(s), std::move(labels), features), left_out.size()};
}

}  // namespace sounder::kernels

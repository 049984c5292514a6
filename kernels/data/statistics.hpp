#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <utility>
#include <vector>

#include "kernels/data/dataset.hpp"

namespace sounder::kernels {

/// In how many samples each feature is stored: HOGWILD!'s d_u (Niu, Recht,
/// Re, Wright 2011, eq. 5). Stored zeros count, for a step touches them too;
/// in a dense layout every feature counts every sample.
///
/// Cost:   O(non-zeros); features() counters a thread.
/// Errors: std::bad_alloc.
std::vector<std::uint32_t> feature_counts(const dataset& data,
                                          unsigned threads = 0);

/// What a data set looks like. Non-zeros are values other than 0, whatever
/// the layout.
struct data_statistics {
  static constexpr std::array<std::size_t, 3> head_sizes = {1024, 4096, 16384};

  std::size_t rows = 0;
  std::size_t features = 0;
  std::size_t used_features = 0;  // with at least one non-zero
  std::uint64_t nonzeros = 0;
  double density = 0.0;  // nonzeros / (rows * features)
  std::uint64_t row_min = 0;
  double row_mean = 0.0;
  std::uint64_t row_max = 0;
  float value_min = 0.0F;  // over non-zeros
  float value_max = 0.0F;
  std::vector<std::pair<float, std::uint64_t>> labels;  // ascending, counted
  std::array<double, 3> head_share{};  // non-zeros in that many features
  std::uint64_t bytes = 0;             // of memory
};

/// Cost: O(stored values), one thread.
data_statistics statistics(const dataset& data);

}  // namespace sounder::kernels

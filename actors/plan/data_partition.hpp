#pragma once

// Whose samples: what each replica of a graph walks in an epoch.

#include <cstddef>
#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "kernels/data/dataset.hpp"
#include "kernels/data/shard.hpp"
#include "topology/graph.hpp"

namespace sounder::actors {

/// What schedules have to know of a data set.
struct data_shape {
  std::size_t rows = 0;
  std::uint64_t nonzeros = 0;
  bool is_sparse = false;  // samples name the features that they have

  static data_shape of(const kernels::dataset& data) {
    return {data.rows(), data.nonzeros(), data.is_sparse()};
  }
};

/// Part `part` of `parts` of a data set of `rows` samples.
struct share {
  std::size_t rows = 0;
  std::size_t part = 0;
  std::size_t parts = 1;

  kernels::shard shard() const noexcept { return {rows, part, parts}; }
};

struct data_partition {
  data_shape shape;           // of all that is walked in an epoch
  std::vector<share> shares;  // by replica; nothing for hubs

  /// Samples of the replica that has most.
  std::size_t most_rows() const noexcept;
};

/// Replicas at a place with samples of its own share those; the others share
/// `common`, which counts only if there are any. All are of one kind: sparse
/// where `common` is.
data_partition partition_data(
    const topology::graph& wiring, const data_shape& common,
    const std::map<std::string, data_shape>& own = {});

/// Replicas at a place that step.
std::size_t stepping_at(const topology::graph& wiring,
                        const std::string& place) noexcept;

}  // namespace sounder::actors

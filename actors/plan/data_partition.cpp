#include "actors/plan/data_partition.hpp"

#include <algorithm>

namespace sounder::actors {

namespace {

/// Replicas that share a data set, and how many of them have theirs.
struct sharers {
  std::size_t all = 0;
  std::size_t served = 0;
};

}  // namespace

std::size_t data_partition::most_rows() const noexcept {
  std::size_t most = 0;
  for (const share& each : shares) {
    most = std::max(most, each.shard().rows());
  }
  return most;
}

data_partition partition_data(const topology::graph& wiring,
                              const data_shape& common,
                              const std::map<std::string, data_shape>& own) {
  std::map<const data_shape*, sharers> who;
  const auto source_of = [&](const topology::replica& r) {
    const auto found = own.find(r.place);
    return found == own.end() ? &common : &found->second;
  };
  for (const topology::replica& r : wiring.replicas) {
    if (!r.is_hub()) {
      ++who[source_of(r)].all;
    }
  }
  data_partition partition;
  partition.shape.is_sparse = common.is_sparse;
  for (const auto& [source, sharing] : who) {
    partition.shape.rows += source->rows;
    partition.shape.nonzeros += source->nonzeros;
  }
  for (const topology::replica& r : wiring.replicas) {
    share mine;
    if (!r.is_hub()) {
      sharers& sharing = who[source_of(r)];
      mine = {source_of(r)->rows, sharing.served++, sharing.all};
    }
    partition.shares.push_back(mine);
  }
  return partition;
}

std::size_t stepping_at(const topology::graph& wiring,
                        const std::string& place) noexcept {
  return static_cast<std::size_t>(
      std::count_if(wiring.replicas.begin(), wiring.replicas.end(),
                    [&](const topology::replica& r) {
                      return r.place == place && !r.is_hub();
                    }));
}

}  // namespace sounder::actors

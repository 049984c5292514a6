#pragma once

// From a graph to what runs: replicas with their memory, and meetings for
// their links.

#include <memory>
#include <vector>

#include "actors/training_leg.hpp"
#include "actors/walk.hpp"

namespace sounder::actors {

/// One replica of a graph in this process.
struct wired_replica {
  std::string name;
  std::shared_ptr<replica_setup> setup;
  std::shared_ptr<replica_memory> memory;
  std::shared_ptr<replica_links> links;  // of one that steps
  std::shared_ptr<endpoint> far;         // how others meet it, if they do
  bool is_hub = false;
};

/// Everything that runs in this process.
struct wired_graph {
  std::vector<wired_replica> replicas;  // by their numbers in the graph
  std::vector<std::shared_ptr<link_meter>> meters;

  std::size_t stepping() const noexcept;  // replicas with workers
};

/// Local steps between two meetings when the graph does not say: so many that
/// a meeting costs a twentieth of them, but a third of an epoch at most, so
/// that what the replicas add up stays small against what is left to go.
std::size_t default_tau(const training_plan& plan, const kernels::dataset& data,
                        std::size_t batches);

/// Gives every replica its shard of the data and its memory, with the
/// parameters the plan starts from, and wires them up.
///
/// The plan must be valid. Throws std::system_error when memory is short.
wired_graph wire(const training_plan& plan, const kernels::dataset& data);

}  // namespace sounder::actors

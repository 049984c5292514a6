#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <vector>

#include "actors/plan/replica_setup.hpp"
#include "actors/plan/schedule.hpp"
#include "kernels/data/row_order.hpp"

namespace sounder::actors {

/// Whose samples a phase walks, and how their epochs are cut and ordered.
struct way {
  std::shared_ptr<const replica_setup> setup;
  std::shared_ptr<kernels::row_order> order;
  /// Step sizes where the plan's rule is not at hand; else null.
  std::shared_ptr<const step_table> steps;
};

/// A phase of a way, numbered from the run's start.
struct stretch {
  way along;
  std::uint64_t phase = 0;

  /// Numbered likewise.
  std::size_t first_chunk() const {
    const run_cut& cut = along.setup->cut;
    const auto [epoch, within] = cut.phases().place_of(phase);
    return cut.chunks().before(epoch) +
           (within > 0 ? cut.epoch(epoch).phase_ends[within - 1] : 0);
  }
};

/// The order that the replica of that setup walks its samples in.
std::shared_ptr<kernels::row_order> order_of(const replica_setup& setup);

/// By replica: the ways whose samples are here, whoever they belong to.
using known_ways = std::vector<std::optional<way>>;

}  // namespace sounder::actors

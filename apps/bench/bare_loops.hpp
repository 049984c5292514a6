#pragma once

// Hand-written SGD loops without actors, objectives or plans: what the
// machine gives to somebody who writes one linear SVM and nothing else. The
// yardstick of the sparse roofline.

#include <cstddef>
#include <cstdint>
#include <vector>

#include "kernels/data/dataset.hpp"

namespace sounder::bench {

/// One training run by a bare loop.
struct bare_run {
  double seconds = 0.0;  // steps only
  std::vector<float> weights;
};

struct bare_options {
  unsigned epochs = 10;
  unsigned threads = 1;
  bool per_feature = false;  // HOGWILD!'s per-touch decay, else l2 by scale
  std::size_t head = 0;      // private coordinates, with threads > 1
  std::size_t head_every = 1024;
  double step = 0.5;
  double decay = 0.8;
  std::size_t block_rows = 32;
};

bare_run train_bare(const kernels::dataset& data, const bare_options& options);

/// Seconds to read every index and value once: the memory's limit.
double read_everything(const kernels::dataset& data);

/// Seconds to compute every w . x once, rows in memory order: the limit of a
/// step that writes nothing.
double dot_everything(const kernels::dataset& data,
                      const std::vector<float>& weights);

}  // namespace sounder::bench

#pragma once

// What a walk through a network needs besides the parameters.

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "kernels/buffer.hpp"
#include "kernels/network/network.hpp"

namespace sounder::kernels {

/// Memory of one walk, for a batch of one size.
struct network::workspace {
  std::size_t batch = 0;
  bool is_training = false;
  buffer<float> memory;          // all that follow point into it
  std::vector<float*> value;     // of every layer
  std::vector<float*> gradient;  // training: d loss / d value
  std::vector<float*> kept;
  float* scratch = nullptr;
  std::vector<float> weights;  // as they were when the walk began
  std::span<const std::uint32_t> rows;
  std::uint64_t seed = 0;
};

/// A workspace from the pool, given back at the end.
class network::loan {
 public:
  loan(const network& owner, std::size_t batch, bool is_training);
  loan(const loan&) = delete;
  loan& operator=(const loan&) = delete;
  ~loan();

  workspace& operator*() const noexcept { return *space_; }

 private:
  const network& owner_;
  std::unique_ptr<workspace> space_;
};

/// Nanoseconds in a layer, of all workers.
struct network::clock_sums {
  std::atomic<std::uint64_t> forward{0};
  std::atomic<std::uint64_t> backward{0};
  std::atomic<std::uint64_t> forward_samples{0};
  std::atomic<std::uint64_t> backward_samples{0};
};

}  // namespace sounder::kernels

#pragma once

// Loss and error of a snapshot, computed by as many workers as are free.

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <vector>

#include "actors/replica/job.hpp"
#include "kernels/data/dataset.hpp"
#include "kernels/model/objective.hpp"

namespace sounder::actors {

using parameters_ptr = std::shared_ptr<const std::vector<float>>;

/// What an evaluation found.
struct evaluation_result {
  kernels::loss_sums train;
  kernels::loss_sums test;
  double penalty = 0.0;
  bool is_finite = true;  // parameters and losses
};

/// Sums are kept per block of rows and added in their order, so the result
/// does not depend on who computed what.
class evaluation : public job {
 public:
  evaluation(std::shared_ptr<const kernels::objective> objective,
             kernels::dataset train, kernels::dataset test,
             parameters_ptr parameters);

  bool work(worker_slot& slot) override;
  std::uint64_t progress() const noexcept override { return next_.load(); }

  const parameters_ptr& parameters() const noexcept { return parameters_; }

  /// To be read when all workers have left.
  evaluation_result result() const;

 private:
  struct block {
    const kernels::dataset* data;
    std::size_t first;
    std::size_t last;
    kernels::loss_sums sums;
  };

  void cut(const kernels::dataset& data);

  std::shared_ptr<const kernels::objective> objective_;
  kernels::dataset train_;
  kernels::dataset test_;
  parameters_ptr parameters_;
  std::vector<block> blocks_;  // each written by the one who claimed it
  std::atomic<std::size_t> next_{0};
};

}  // namespace sounder::actors

#include "actors/replica/evaluation.hpp"

#include <algorithm>
#include <cmath>
#include <utility>

#include "actors/plan/schedule.hpp"

namespace sounder::actors {

evaluation::evaluation(std::shared_ptr<const kernels::objective> objective,
                       kernels::dataset train, kernels::dataset test,
                       parameters_ptr parameters)
    : objective_(std::move(objective)),
      train_(std::move(train)),
      test_(std::move(test)),
      parameters_(std::move(parameters)) {
  cut(train_);
  cut(test_);
}

void evaluation::cut(const kernels::dataset& data) {
  const std::size_t batch = objective_->evaluation_batch();
  const std::size_t usual = default_chunk_rows(data.nonzeros(), data.rows());
  const std::size_t size = (usual + batch - 1) / batch * batch;
  for (std::size_t first = 0; first < data.rows(); first += size) {
    blocks_.push_back({&data, first, std::min(first + size, data.rows()), {}});
  }
}

bool evaluation::work(worker_slot& slot) {
  static_cast<void>(slot);
  const std::size_t claimed = next_.fetch_add(1);
  if (claimed >= blocks_.size()) {
    return false;
  }
  block& mine = blocks_[claimed];
  mine.sums = objective_->evaluate(*mine.data, mine.first, mine.last,
                                   parameters_->data());
  return true;
}

evaluation_result evaluation::result() const {
  evaluation_result result;
  for (const block& part : blocks_) {
    (part.data == &train_ ? result.train : result.test) += part.sums;
  }
  result.penalty = objective_->penalty(parameters_->data());
  // A NaN can hide from a loss (hinge: max(0, NaN) is 0), not from here.
  result.is_finite =
      std::isfinite(result.train.loss + result.test.loss + result.penalty) &&
      std::all_of(parameters_->begin(), parameters_->end(),
                  [](float w) { return std::isfinite(w); });
  return result;
}

}  // namespace sounder::actors

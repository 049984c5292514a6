#include "kernels/model/objective.hpp"

#include <algorithm>

#include "kernels/shared_vector.hpp"

namespace sounder::kernels {

std::vector<parameter_block> objective::blocks() const {
  return {{"all", 0, trainable(), 1}};
}

void objective::initialise(std::span<float> weights, std::uint64_t seed) const {
  static_cast<void>(seed);
  std::fill(weights.begin(), weights.end(), 0.0F);
}

void objective::steps(const sgd_chunk& chunk, worker_scratch& scratch) const {
  sgd_chunk batch = chunk;
  const double shrink_by = shrink(chunk.step_size);
  for (std::size_t k = 0; k < chunk.rows.size(); k += chunk.batch_size) {
    batch.rows = chunk.rows.subspan(
        k, std::min(chunk.batch_size, chunk.rows.size() - k));
    if (look(batch, scratch)) {
      write(batch, scratch);
    }
    batch.scale *= shrink_by;
  }
}

void objective::find_gradient(const sgd_chunk& batch,
                              std::span<float> gradient) const {
  std::fill(gradient.begin(), gradient.end(), 0.0F);
  add_gradient(*batch.data, batch.rows, batch.weights, gradient);
}

bool objective::look(const sgd_chunk& batch, worker_scratch& scratch) const {
  scratch.pending.resize(dimension());
  find_gradient(batch, scratch.pending);
  return true;
}

void objective::write(const sgd_chunk& batch, worker_scratch& scratch) const {
  const std::size_t n = trainable();
  relaxed::dense_decay_and_add(scratch.pending.data(), n,
                               -static_cast<float>(batch.step_size), 1.0F,
                               batch.weights);
  relaxed::dense_decay_and_add(scratch.pending.data() + n, dimension() - n,
                               -1.0F, 1.0F, batch.weights + n);
}

usual_steps objective::find_usual_steps(const dataset& data) const {
  static_cast<void>(data);
  return {};
}

double objective::safe_step(const dataset& data) const {
  static_cast<void>(data);
  return 0.0;
}

}  // namespace sounder::kernels

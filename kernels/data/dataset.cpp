#include "kernels/data/dataset.hpp"

#include <algorithm>
#include <numeric>
#include <utility>

#include "kernels/assert.hpp"

namespace sounder::kernels {

struct dataset::memory {
  sparse_storage sparse;
  dense_storage dense;
};

dataset::dataset(sparse_storage&& storage, std::vector<float> labels,
                 std::size_t features)
    : last_(labels.size()), features_(features) {
  SOUNDER_ASSERT(storage.start.size() == labels.size() + 1);
  memory_ = std::make_shared<memory>();
  memory_->sparse = std::move(storage);
  labels_ = std::make_shared<const std::vector<float>>(std::move(labels));
}

dataset::dataset(dense_storage&& storage, std::vector<float> labels,
                 std::size_t features)
    : last_(labels.size()),
      features_(features),
      layout_(storage.bytes.empty() ? layout::dense_float
                                    : layout::dense_byte) {
  SOUNDER_ASSERT(storage.floats.size() + storage.bytes.size() ==
                 labels.size() * features);
  memory_ = std::make_shared<memory>();
  memory_->dense = std::move(storage);
  labels_ = std::make_shared<const std::vector<float>>(std::move(labels));
}

std::uint64_t dataset::nonzeros() const noexcept {
  if (!is_sparse()) {
    return rows() * features_;
  }
  return empty() ? 0 : sparse().start[rows()] - sparse().start[0];
}

std::uint64_t dataset::bytes() const noexcept {
  const std::uint64_t labels = rows() * sizeof(float) * (is_weighted() ? 2 : 1);
  switch (layout_) {
    case layout::sparse:
      return labels + (rows() + 1) * sizeof(std::uint64_t) +
             nonzeros() * (sizeof(std::uint32_t) + sizeof(float));
    case layout::dense_float:
      return labels + nonzeros() * sizeof(float);
    case layout::dense_byte:
      return labels + nonzeros();
  }
  return labels;
}

std::span<const float> dataset::rows_of(const column& values) const noexcept {
  return values ? std::span(*values).subspan(first_, rows())
                : std::span<const float>();
}

std::span<const float> dataset::labels() const noexcept {
  return rows_of(labels_);
}

std::span<const float> dataset::weights() const noexcept {
  return rows_of(weights_);
}

float dataset::largest_weight() const noexcept {
  const std::span<const float> all = weights();
  const float unweighted = empty() ? 0.0F : 1.0F;
  return all.empty() ? unweighted : *std::max_element(all.begin(), all.end());
}

double dataset::mean_weight() const noexcept {
  const std::span<const float> all = weights();
  const double unweighted = empty() ? 0.0 : 1.0;
  return all.empty() ? unweighted
                     : std::accumulate(all.begin(), all.end(), 0.0) /
                           static_cast<double>(rows());
}

sparse_rows dataset::sparse() const noexcept {
  SOUNDER_ASSERT(is_sparse());
  if (!memory_) {
    return {};
  }
  const sparse_storage& s = memory_->sparse;
  return {s.start.data() + first_, s.index.data(), s.value.data()};
}

dense_rows<float> dataset::floats() const noexcept {
  SOUNDER_ASSERT(layout_ == layout::dense_float);
  const dense_storage& s = memory_->dense;
  return {s.floats.data() + first_ * features_, features_, 1.0F, 0.0F};
}

dense_rows<std::uint8_t> dataset::bytes_view() const noexcept {
  SOUNDER_ASSERT(layout_ == layout::dense_byte);
  const dense_storage& s = memory_->dense;
  return {s.bytes.data() + first_ * features_, features_, s.scale, s.shift};
}

dataset dataset::slice(std::size_t first, std::size_t last) const {
  SOUNDER_ASSERT(first <= last && last <= rows());
  dataset part = *this;
  part.first_ = first_ + first;
  part.last_ = first_ + last;
  return part;
}

dataset dataset::with_labels(std::vector<float> labels) const {
  SOUNDER_ASSERT(labels.size() == rows());
  dataset relabelled = *this;
  relabelled.labels_ = as_column(std::move(labels));
  return relabelled;
}

dataset dataset::with_weights(std::vector<float> weights) const {
  SOUNDER_ASSERT(weights.empty() || weights.size() == rows());
  dataset weighted = *this;
  weighted.weights_ = weights.empty() ? nullptr : as_column(std::move(weights));
  return weighted;
}

/// A view keeps its row range, so its values start at the same place.
dataset::column dataset::as_column(std::vector<float> values) const {
  values.insert(values.begin(), first_, 0.0F);
  return std::make_shared<const std::vector<float>>(std::move(values));
}

dataset dataset::widened(std::size_t features) const {
  SOUNDER_ASSERT(is_sparse() && features >= features_);
  dataset wide = *this;
  wide.features_ = features;
  return wide;
}

sparse_storage dataset::release_sparse() && {
  SOUNDER_ASSERT(is_sparse() && memory_);
  dataset gone = std::exchange(*this, dataset());
  const bool sole = gone.memory_.use_count() == 1 && gone.first_ == 0 &&
                    gone.last_ + 1 == gone.memory_->sparse.start.size();
  if (sole) {
    return std::move(gone.memory_->sparse);
  }
  sparse_storage copy;
  const sparse_rows rows = gone.sparse();
  const std::size_t n = gone.rows();
  const std::uint64_t origin = rows.start[0];
  copy.start.resize(n + 1);
  for (std::size_t i = 0; i <= n; ++i) {
    copy.start[i] = rows.start[i] - origin;
  }
  copy.index.append({rows.index + origin, gone.nonzeros()});
  copy.value.append({rows.value + origin, gone.nonzeros()});
  return copy;
}

}  // namespace sounder::kernels

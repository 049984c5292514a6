#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <vector>

#include "kernels/buffer.hpp"

namespace sounder::kernels {

/// Rows of a sparse matrix in CSR form, as the kernels see them. Row i holds
/// the pairs (index[k], value[k]) for start[i] <= k < start[i + 1].
struct sparse_rows {
  const std::uint64_t* start = nullptr;
  const std::uint32_t* index = nullptr;
  const float* value = nullptr;
};

/// Rows of a dense matrix: element (i, j) is
/// value[i * features + j] * scale + shift. Bytes (images) are converted on
/// the fly; floats have scale 1 and shift 0.
template <class T>
struct dense_rows {
  const T* value = nullptr;
  std::size_t features = 0;
  float scale = 1.0F;
  float shift = 0.0F;
};

enum class layout { sparse, dense_float, dense_byte };

/// The memory behind a sparse data set, filled by a reader or a generator.
struct sparse_storage {
  buffer<std::uint64_t> start;  // rows + 1 entries, the first is 0
  buffer<std::uint32_t> index;
  buffer<float> value;
};

/// The memory behind a dense data set; exactly one of the two is used.
struct dense_storage {
  buffer<float> floats;
  buffer<std::uint8_t> bytes;
  float scale = 1.0F;  // for bytes
  float shift = 0.0F;
};

/// Samples with labels, and perhaps weights: an immutable value over shared
/// memory.
///
/// Copying, slicing (a shard, a test split) and replacing labels or weights
/// share the features and cost O(1), or O(rows) for what is new. Labels are as
/// in the file until `encode` (labels.hpp) turns them into what a model needs.
///
/// Threads: const access from any number of threads.
class dataset {
 public:
  dataset() = default;

  /// Takes the storage over. Every index must be below `features`, `labels`
  /// must have one entry a row; both are the caller's promise.
  dataset(sparse_storage&& storage, std::vector<float> labels,
          std::size_t features);
  dataset(dense_storage&& storage, std::vector<float> labels,
          std::size_t features);

  std::size_t rows() const noexcept { return last_ - first_; }
  std::size_t features() const noexcept { return features_; }
  bool empty() const noexcept { return rows() == 0; }
  kernels::layout layout() const noexcept { return layout_; }
  bool is_sparse() const noexcept { return layout_ == layout::sparse; }

  /// Stored values in these rows; rows * features when dense.
  std::uint64_t nonzeros() const noexcept;

  /// Bytes of feature and label memory that these rows occupy.
  std::uint64_t bytes() const noexcept;

  std::span<const float> labels() const noexcept;

  /// What the loss of each row counts, finite and not negative; empty when
  /// every row counts 1 (class_weights.hpp, sample_weights.hpp).
  std::span<const float> weights() const noexcept;
  bool is_weighted() const noexcept { return weights_ != nullptr; }
  /// Over the rows; 1 without weights, 0 without rows. O(rows) with weights.
  float largest_weight() const noexcept;
  double mean_weight() const noexcept;

  /// The rows for the kernels; call the one that layout() names.
  sparse_rows sparse() const noexcept;
  dense_rows<float> floats() const noexcept;
  dense_rows<std::uint8_t> bytes_view() const noexcept;

  /// Rows [first, last), sharing the memory.
  dataset slice(std::size_t first, std::size_t last) const;

  /// The same rows with other labels (one each).
  dataset with_labels(std::vector<float> labels) const;

  /// The same rows with other weights (one each); none: every row counts 1.
  dataset with_weights(std::vector<float> weights) const;

  /// The same rows, declared wider. `features` must not be below features().
  dataset widened(std::size_t features) const;

  /// The sparse storage for change in place: the owner's copy when nobody
  /// else shares it, a fresh one otherwise. Leaves this data set empty.
  sparse_storage release_sparse() &&;

 private:
  struct memory;
  using column = std::shared_ptr<const std::vector<float>>;

  column as_column(std::vector<float> values) const;
  std::span<const float> rows_of(const column& values) const noexcept;

  std::shared_ptr<memory> memory_;
  column labels_;
  column weights_;  // none: all 1
  std::size_t first_ = 0;
  std::size_t last_ = 0;
  std::size_t features_ = 0;
  kernels::layout layout_ = layout::sparse;
};

}  // namespace sounder::kernels

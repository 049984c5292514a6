#pragma once

// Popular features first: their weights then share few cache lines, and a
// worker can keep this head of the vector to itself. Inside a run features
// carry internal numbers; model files and people see the original ones.

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "kernels/data/dataset.hpp"

namespace sounder::kernels {

/// A renumbering of features: original number <-> internal number. It may leave
/// features out.
///
/// Threads: const access from any number of threads.
class feature_order {
 public:
  feature_order() = default;

  /// Every feature keeps its number.
  static feature_order identity(std::size_t features);

  /// Feature originals[k] of `width` gets the number k. `originals` must be
  /// distinct and below `width`; features that are not among them are left out.
  feature_order(std::vector<std::uint32_t> originals, std::size_t width);

  /// Features that have an internal number, and all.
  std::size_t features() const noexcept { return features_; }
  std::size_t width() const noexcept { return width_; }
  bool is_identity() const noexcept { return internal_.empty(); }

  /// features() for one that is left out.
  std::uint32_t internal(std::uint32_t original) const noexcept {
    return is_identity() ? original : internal_[original];
  }
  std::uint32_t original(std::uint32_t internal) const noexcept {
    return is_identity() ? internal : original_[internal];
  }

  /// Weights in the internal order to the original one:
  ///
  ///   to[original(k) * values + c] = from[k * values + c],  c < values
  ///
  /// and 0 for features that are left out.
  /// Shapes: from: (features() * values_per_feature), to: (width() *
  /// values_per_feature), not overlapping.
  void restore(std::span<const float> from, std::span<float> to,
               std::size_t values_per_feature = 1) const noexcept;

  /// The inverse: weights in the original order to the internal one; those of
  /// features that are left out get lost.
  void arrange(std::span<const float> from, std::span<float> to,
               std::size_t values_per_feature = 1) const noexcept;

 private:
  std::size_t features_ = 0;
  std::size_t width_ = 0;
  std::vector<std::uint32_t> original_;  // empty when nothing changes
  std::vector<std::uint32_t> internal_;
};

/// What becomes of features that no sample has: nothing moves their weights,
/// but they would travel with the others.
enum class unused_features { keep, leave_out };

/// Features by descending number of samples they occur in, ties by original
/// number; those that never occur come last, or are left out. The identity for
/// dense layouts, where every feature occurs everywhere. Data without any
/// feature keeps all.
///
/// Cost: O(non-zeros) + sorting the features.
feature_order by_frequency(const dataset& data,
                           unused_features unused = unused_features::keep,
                           unsigned threads = 0);

/// The same samples under internal numbers, and as wide as the order, without
/// the features that it leaves out. The index array is rewritten in place when
/// nobody else shares it. Rows keep their sequence of pairs unless `sort_rows`
/// asks for ascending indices.
///
/// Cost:   O(non-zeros), or n log n a row to sort it.
/// Errors: data wider than the order is a bug and asserts.
dataset renumber(dataset&& data, const feature_order& order,
                 bool sort_rows = false, unsigned threads = 0);

}  // namespace sounder::kernels

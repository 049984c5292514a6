#pragma once

// What the losses of a class's samples count.

#include <map>

#include "kernels/data/dataset.hpp"
#include "kernels/data/labels.hpp"

namespace sounder::kernels {

/// Weights by the labels of the files, finite and not negative.
struct class_weights {
  std::map<float, float> by_label;
  float others = 1.0F;  // of labels that are not there

  float of(float label) const noexcept {
    const auto found = by_label.find(label);
    return found == by_label.end() ? others : found->second;
  }
};

/// The samples, whose labels are those of the files, each weighing what its
/// class does; multiplied into weights that they have.
dataset with_class_weights(const dataset& data, const class_weights& weights);

/// Weights that make all classes count the same: n / (classes * samples of the
/// class), as scikit-learn's "balanced". `data` has the labels of the files, at
/// least one sample of each of `labels`.
class_weights balanced_weights(const dataset& data, const label_set& labels);

/// The same of two classes: `positive` and all other labels.
class_weights balanced_weights(const dataset& data, float positive);

}  // namespace sounder::kernels

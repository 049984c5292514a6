#include "kernels/data/class_weights.hpp"

#include <algorithm>
#include <cstddef>
#include <utility>
#include <vector>

namespace sounder::kernels {

namespace {

float share(const dataset& data, std::size_t classes, double samples) {
  return static_cast<float>(static_cast<double>(data.rows()) /
                            (static_cast<double>(classes) * samples));
}

}  // namespace

dataset with_class_weights(const dataset& data, const class_weights& weights) {
  std::vector<float> all(data.rows(), 1.0F);
  if (data.is_weighted()) {
    all.assign(data.weights().begin(), data.weights().end());
  }
  for (std::size_t i = 0; i < all.size(); ++i) {
    all[i] *= weights.of(data.labels()[i]);
  }
  return data.with_weights(std::move(all));
}

class_weights balanced_weights(const dataset& data, const label_set& labels) {
  std::map<float, double> samples;
  for (const float label : data.labels()) {
    samples[label] += 1.0;
  }
  class_weights balanced;
  for (const float label : labels) {
    balanced.by_label[label] = share(data, labels.size(), samples[label]);
  }
  return balanced;
}

class_weights balanced_weights(const dataset& data, float positive) {
  const auto labels = data.labels();
  const auto samples =
      static_cast<double>(std::count(labels.begin(), labels.end(), positive));
  class_weights balanced;
  balanced.by_label[positive] = share(data, 2, samples);
  balanced.others = share(data, 2, static_cast<double>(data.rows()) - samples);
  return balanced;
}

}  // namespace sounder::kernels

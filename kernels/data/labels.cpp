#include "kernels/data/labels.hpp"

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <set>

#include <fmt/format.h>

#include "kernels/data/data_error.hpp"
#include "kernels/data/split.hpp"

namespace sounder::kernels {

namespace {

/// New labels by `encode(label)`, which is false for an unknown label.
template <class Encode>
dataset relabel(const dataset& data, std::string_view source,
                const label_set& known, const Encode& encode) {
  std::vector<float> labels(data.labels().begin(), data.labels().end());
  for (std::size_t i = 0; i < labels.size(); ++i) {
    if (!encode(labels[i])) {
      throw data_error(
          std::string(source),
          fmt::format("label {} of row {} is not among the training labels "
                      "({}); leave such rows out, or train on them too",
                      data.labels()[i], i + 1, list_labels(known)));
    }
  }
  return data.with_labels(std::move(labels));
}

}  // namespace

std::string format_label(float label) { return fmt::format("{}", label); }

std::string list_labels(std::span<const float> labels) {
  constexpr std::size_t shown = 10;
  if (labels.size() <= shown) {
    return fmt::format("{}", fmt::join(labels, ", "));
  }
  return fmt::format("{}, ..., {}", fmt::join(labels.first(shown - 2), ", "),
                     labels.back());
}

known_classes leave_out_unseen(const dataset& data,
                               std::span<const float> labels,
                               std::string_view source) {
  label_set known(labels.begin(), labels.end());
  std::sort(known.begin(), known.end());
  known_classes split;
  std::vector<std::uint32_t> kept;
  std::set<float> unseen;
  for (std::size_t i = 0; i < data.rows(); ++i) {
    const float label = data.labels()[i];
    if (std::binary_search(known.begin(), known.end(), label)) {
      kept.push_back(static_cast<std::uint32_t>(i));
    } else {
      unseen.insert(label);
    }
  }
  split.labels.assign(unseen.begin(), unseen.end());
  split.unseen = data.rows() - kept.size();
  if (kept.empty() && !data.empty()) {
    throw data_error(
        std::string(source),
        fmt::format("its labels ({}) are all other ones than the training "
                    "labels ({}); use data of the same classes",
                    list_labels(split.labels), list_labels(known)));
  }
  split.data = split.unseen == 0 ? data : select_rows(data, kept);
  return split;
}

label_set distinct_labels(const dataset& data, std::string_view source) {
  const auto labels = data.labels();
  const auto odd = std::find_if(labels.begin(), labels.end(), [](float label) {
    return label != std::floor(label) || std::isinf(label);
  });
  if (odd != labels.end()) {
    throw data_error(
        std::string(source),
        fmt::format("label {} of row {} is not a class but looks like "
                    "regression; use --model least-squares",
                    *odd, odd - labels.begin() + 1));
  }
  label_set set(labels.begin(), labels.end());
  std::sort(set.begin(), set.end());
  set.erase(std::unique(set.begin(), set.end()), set.end());
  if (set.size() < 2) {
    throw data_error(std::string(source),
                     set.empty()
                         ? std::string("no samples, so nothing to learn from")
                         : fmt::format("all labels are {}; a classifier needs "
                                       "samples of at least two classes",
                                       set[0]));
  }
  return set;
}

dataset encode_binary(const dataset& data, const label_set& labels,
                      std::string_view source) {
  if (labels.size() != 2) {
    throw data_error(
        std::string(source),
        fmt::format("{} classes ({}) for a binary model; choose a multi-class "
                    "model (--model softmax or ovr) or one class against the "
                    "rest (--positive {})",
                    labels.size(), list_labels(labels),
                    labels.empty() ? "L" : format_label(labels.back())));
  }
  return relabel(data, source, labels, [&](float& label) {
    const bool known = label == labels[0] || label == labels[1];
    label = label == labels[1] ? 1.0F : -1.0F;
    return known;
  });
}

dataset encode_classes(const dataset& data, const label_set& labels,
                       std::string_view source) {
  return relabel(data, source, labels, [&](float& label) {
    const auto place = std::lower_bound(labels.begin(), labels.end(), label);
    if (place == labels.end() || *place != label) {
      return false;
    }
    label = static_cast<float>(place - labels.begin());
    return true;
  });
}

dataset encode_one_against_rest(const dataset& data, const label_set& labels,
                                float positive, std::string_view source) {
  if (!std::binary_search(labels.begin(), labels.end(), positive)) {
    throw data_error(std::string(source),
                     fmt::format("positive label {} is not among the training "
                                 "labels; there are {}",
                                 positive, list_labels(labels)));
  }
  return relabel(data, source, labels, [&](float& label) {
    label = label == positive ? 1.0F : -1.0F;
    return true;
  });
}

}  // namespace sounder::kernels

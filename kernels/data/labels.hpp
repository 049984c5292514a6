#pragma once

// From the labels of a file to those a model is trained on.
//
// All errors are data_error; `source` (a path, as a rule) opens the message
// and rows are counted from 1.

#include <cstddef>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "kernels/data/dataset.hpp"

namespace sounder::kernels {

/// The distinct labels of a training set, ascending. A class is a position in
/// it; of two classes the second, larger one is positive.
using label_set = std::vector<float>;

/// The labels of a classification problem.
///
/// Errors: a label that is not an integer (a regression problem by its
///         looks), names the row; fewer than two distinct labels.
label_set distinct_labels(const dataset& data, std::string_view source);

/// Labels -1 and +1 for a binary model.
///
/// Errors: more than two labels in the set, lists them; a label of `data`
///         that is not in the set, names label and row.
dataset encode_binary(const dataset& data, const label_set& labels,
                      std::string_view source);

/// Labels 0, ..., labels.size() - 1 for a multi-class model.
///
/// Errors: a label of `data` that is not in the set, names label and row.
dataset encode_classes(const dataset& data, const label_set& labels,
                       std::string_view source);

/// Label +1 where the label is `positive`, -1 for all others, those that the
/// training set lacks among them.
///
/// Errors: `positive` is not in the set of the training labels.
dataset encode_one_against_rest(const dataset& data, const label_set& labels,
                                float positive, std::string_view source);

/// Samples whose label the training set had, and what is left of the others.
struct known_classes {
  dataset data;
  std::size_t unseen = 0;     // samples left out
  std::vector<float> labels;  // theirs, ascending
};

/// Leaves out the samples with a label that is not in the set (in any order):
/// no model of these classes can be right about them.
///
/// Errors: no label is in the set: then it is another problem's data.
/// Cost:   O(rows) when none is left out, a copy otherwise.
known_classes leave_out_unseen(const dataset& data,
                               std::span<const float> labels,
                               std::string_view source);

/// "-1, 1" or "1, 2, 3, ..., 20": for messages.
std::string list_labels(std::span<const float> labels);

/// A label as people write it: 3, not 3.000000.
std::string format_label(float label);

}  // namespace sounder::kernels

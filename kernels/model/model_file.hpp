#pragma once

// Linear models on disk: liblinear's text format and NumPy's .npz.

#include <cstddef>
#include <filesystem>
#include <string>
#include <vector>

#include "kernels/data/normalise.hpp"
#include "kernels/model/linear.hpp"

namespace sounder::kernels {

/// A trained linear model in the features and labels of its training file.
///
///   z_c = sum_u weights[u * outputs + c] x_u + bias * weights[features, c]
///
/// where the last term is there when bias is not 0. Binary classifiers
/// predict labels[0] for z > 0 and labels[1] otherwise (liblinear's order:
/// the positive class first), multi-class ones labels[argmax z] with labels
/// ascending, regression z itself.
struct model {
  linear_model kind = linear_model::svm;
  std::vector<float> labels;  // none for regression
  std::size_t features = 0;   // without the constant one
  std::size_t outputs = 1;
  double bias = 0.0;           // value of the constant feature; 0: none
  std::vector<float> weights;  // (features + (bias != 0)) * outputs
  /// What samples went through in training. Of unit-rows, x above is a row of
  /// length 1; of the other kinds the weights say it all (fold.hpp), and the
  /// text does not keep them.
  normalisation_kind normalised = normalisation_kind::none;
};

/// Writes the model: as .npz when the name ends so, else as liblinear's text.
///
/// Text, read by liblinear-predict with the same predictions:
///
///   svm            solver_type L2R_L1LOSS_SVC_DUAL
///   logistic       L2R_LR
///   ovr            L2R_L1LOSS_SVC_DUAL, nr_class the number of classes
///   softmax        MCSVM_CS: liblinear has no softmax, but the rule, argmax
///                  over one weight vector a class, is this solver's
///   least-squares  L2R_L2LOSS_SVR, likewise: its prediction is z
///
/// Weights have nine digits, which is what a float needs to come back. A model
/// of unit rows has a line more, "normalise unit-rows", so that liblinear
/// refuses it rather than score rows of other lengths.
///
/// .npz, `numpy.load(file)` in Python, stored without compression:
///
///   weights  float32 (features [+ 1], outputs), C order
///   labels   float32 (classes), empty for regression
///   bias     float64 ()
///   model    str (), as in --model
///   format   int64 (), 1; 2 for a model of unit rows
///   normalise  str (), as in --normalise, but for none
///
/// The same model gives the same bytes. The file appears whole or not at all.
/// Errors: data_error when the file cannot be written, when liblinear's text
///         cannot hold the labels (its are integers), and see check_savable.
void save_model(const model& trained, const std::filesystem::path& file);

/// Reads either format; the content tells which. Models of liblinear's own
/// solvers are read as the kind with the same prediction rule: L2R_L2LOSS_SVC
/// as svm, L1R_LR as logistic, several classes as ovr, any SVR as
/// least-squares.
///
/// Errors: data_error with the file, and the line in text, for everything
///         that is not a complete model with finite weights.
model load_model(const std::filesystem::path& file);

/// Throws data_error when such a model cannot be saved under this name, for
/// asking before hours of training: liblinear's text has one weight vector
/// for two classes, softmax and ovr have two.
void check_savable(linear_model kind, std::size_t classes,
                   const std::filesystem::path& file);

}  // namespace sounder::kernels

#pragma once

// Synthetic data sets with a known truth, for experiments and tests.
//
// The same specification gives the same bits on every platform and for every
// number of threads: each row draws from its own random stream. The first
// rows of a larger set are those of a smaller one. Training and test rows
// come from the same truth.
//
// Errors: std::invalid_argument names the value that is out of its range.
// Threads: all functions take `threads`; 0 means one for each processor.

#include <cstddef>
#include <cstdint>
#include <vector>

#include "kernels/data/train_test.hpp"

namespace sounder::kernels {

/// A linearly separable set but for label noise, sparse layout.
///
///   x_u = 0 with probability 1 - density, else standard normal
///   y = sign(w*.x), flipped with probability noise;  w* standard normal
///
/// Source:     Dubey, Yang, Haller, "Hogwild!" reimplementation, experiment 1:
///             100 features, 20 % dense, 10,000 + 1,000 samples (10k, 50k,
///             100k and 500k for the speed-up against size).
/// Deviations: the source does not say how labels arise nor how noisy they
///             are. Here w* classifies all but a fraction `noise`, which is
///             the error of the best classifier.
/// Cost:       O(rows * features * density).
struct svm_spec {
  std::size_t rows = 10'000;
  std::size_t test_rows = 1'000;
  std::size_t features = 100;
  double density = 0.2;  // in (0, 1]
  double noise = 0.02;   // in [0, 0.5]
  std::uint64_t seed = 1;
};
train_test generate_svm(const svm_spec& spec, unsigned threads = 0);
/// w* of that set.
std::vector<float> svm_truth(const svm_spec& spec);

/// A linear regression problem, dense layout.
///
///   y = w*.x + noise * z;  x, w*, z standard normal
///
/// Source: the same, experiment 3: 5 features, 5,000 samples. Its noise is
///         not stated; the best mean squared error here is noise^2.
struct regression_spec {
  std::size_t rows = 5'000;
  std::size_t test_rows = 500;
  std::size_t features = 5;
  double noise = 0.1;  // standard deviation, at least 0
  std::uint64_t seed = 1;
};
train_test generate_regression(const regression_spec& spec,
                               unsigned threads = 0);
/// w* of that set.
std::vector<float> regression_truth(const regression_spec& spec);

/// Documents as text collections have them, in the image of RCV1.
///
/// A row has max(1, round(L)) distinct features, L log-normal with mean
/// `mean_nonzeros` and log-deviation 0.7 (RCV1: 0.695). Features are drawn
/// one after the other without replacement; the feature of rank k = 1, 2, ...
/// has weight
///
///   p_k ~ (k + zipf_shift)^-zipf_exponent         (Zipf and Mandelbrot)
///
/// and ranks are spread over the ids by a random permutation. The defaults
/// give the most popular 1,024 / 4,096 / 16,384 features 71 / 90 / 98 % of the
/// non-zeros (RCV1: 68 / 90 / 99 %); zipf_shift = 0 is Zipf's law proper.
/// Values are (1 + log tf) * idf, tf geometric with mean 2 and
/// idf_u = log(1 + 1 / (mean_nonzeros p_u)), then rows have unit length.
/// Labels are sign(w*.x), flipped with probability `noise`; w* is standard
/// normal on about a quarter of the features, 0 elsewhere, and made
/// orthogonal to the mean row so that the classes are of similar size.
///
/// Source: statistics of RCV1-v2 (Lewis, Yang, Rose, Li, JMLR 2004); the
///         defaults are the size of its largest customary version.
/// Cost:   O(non-zeros), a few us a row and thread; 8 bytes a non-zero.
struct sparse_spec {
  std::size_t rows = 677'399;
  std::size_t test_rows = 20'242;
  std::size_t features = 47'236;
  double mean_nonzeros = 74.0;  // in [1, features]
  double zipf_exponent = 1.8;   // in [0, 10]
  double zipf_shift = 280.0;    // at least 0
  double noise = 0.02;          // in [0, 0.5]
  std::uint64_t seed = 1;
};
train_test generate_sparse(const sparse_spec& spec, unsigned threads = 0);
/// w* of that set.
std::vector<float> sparse_truth(const sparse_spec& spec);

}  // namespace sounder::kernels

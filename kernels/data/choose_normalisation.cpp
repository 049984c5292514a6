#include "kernels/data/choose_normalisation.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <optional>

#include <fmt/format.h>

#include "kernels/data/feature_scales.hpp"

namespace sounder::kernels {

namespace {

// One step size serves features whose scales are within a factor of s at the
// price of a condition number s^2 worse: 10 for this one, which is what a good
// schedule makes up for.
constexpr double most_spread_of_deviations = 3.0;

// The usual step sizes are for values of about 1; loss and gradient grow with
// the square of these.
constexpr double least_deviation = 0.3;
constexpr double most_deviation = 3.0;

// Means of this many deviations make all features parallel: the first
// eigenvalue of the second moments is 9 d times the others.
constexpr double most_mean = 3.0;

// Rare features of text have 10 times the weight of common ones and more (idf),
// which is wanted, and binary features have none; units that differ (a count
// beside an income) soon make a factor of 1,000.
constexpr double most_spread_of_features = 30.0;

// A magnitude of few values says little: features count from so many on, or
// from this share of the rows.
constexpr double enough_values = 10.0;
constexpr double enough_of_rows = 0.01;

// Long documents against usual ones. The number of binary features in a row
// varies less (w8a: 2); counts vary more (20 Newsgroups: 7).
constexpr double most_spread_of_rows = 3.0;

// How exactly the lengths of rows agree after they were made equal, and
// written with few digits.
constexpr double same_length = 0.01;

// A feature with more than this share of all squares hides the others.
constexpr double most_of_squares = 0.5;

// Samples are tame when either their values or their rows are about 1: binary
// features, values of deviation 1, and rows of many small values.
constexpr double least_magnitude = 0.2;
constexpr double most_magnitude = 5.0;

struct range {
  double low = std::numeric_limits<double>::infinity();
  double high = 0.0;

  void add(double x) {
    low = std::min(low, x);
    high = std::max(high, x);
  }
  double spread() const { return high > 0.0 ? high / low : 1.0; }
  bool is_within(double least, double most) const {
    return low >= least && high <= most;
  }
};

normalisation_choice choose_for_bytes(const dense_scale& s) {
  if (s.is_constant()) {
    return {};
  }
  return {normalisation_kind::standard,
          fmt::format("bytes of mean {:.3g} and deviation {:.3g}", s.mean,
                      s.deviation)};
}

normalisation_choice choose_for_floats(const std::vector<dense_scale>& scales) {
  range deviations;
  double mean = 0.0;  // largest, in deviations
  for (const dense_scale& s : scales) {
    if (!s.is_constant()) {
      deviations.add(s.deviation);
      mean = std::max(mean, std::abs(s.mean) / s.deviation);
    }
  }
  if (deviations.high == 0.0) {
    return {};
  }
  if (deviations.spread() > most_spread_of_deviations ||
      !deviations.is_within(least_deviation, most_deviation)) {
    return {normalisation_kind::standard,
            fmt::format("deviations range from {:.3g} to {:.3g}",
                        deviations.low, deviations.high)};
  }
  if (mean > most_mean) {
    return {normalisation_kind::standard,
            fmt::format("means are up to {:.3g} deviations from 0", mean)};
  }
  return {};
}

/// Magnitudes of the features that have enough values to say.
range magnitudes_of(const std::vector<sparse_scale>& scales, std::size_t rows) {
  const double enough =
      std::max(enough_values, enough_of_rows * static_cast<double>(rows));
  range found;
  for (const sparse_scale& s : scales) {
    if (static_cast<double>(s.nonzeros) >= enough) {
      found.add(s.root_mean_square());
    }
  }
  if (found.high == 0.0) {  // a small sample
    for (const sparse_scale& s : scales) {
      if (s.nonzeros > 0) {
        found.add(s.root_mean_square());
      }
    }
  }
  return found;
}

/// Of all values that are not 0, and the share of the squares that one feature
/// has at most.
struct whole {
  double root_mean_square = 0.0;
  double largest_share = 0.0;
};

whole sum(const std::vector<sparse_scale>& scales) {
  double squares = 0.0;
  double count = 0.0;
  double largest = 0.0;
  for (const sparse_scale& s : scales) {
    squares += s.squares;
    count += static_cast<double>(s.nonzeros);
    largest = std::max(largest, s.squares);
  }
  return {std::sqrt(squares / count), largest / squares};
}

/// The value that a share q of these is not above.
double quantile(std::vector<double>& values, double q) {
  const auto k =
      values.begin() + static_cast<std::ptrdiff_t>(
                           q * static_cast<double>(values.size() - 1) + 0.5);
  std::nth_element(values.begin(), k, values.end());
  return *k;
}

bool has_negative(const dataset& data) {
  const float* const value = data.sparse().value + data.sparse().start[0];
  return std::any_of(value, value + data.nonzeros(),
                     [](float x) { return x < 0.0F; });
}

bool is_tame(double magnitude) {
  return magnitude >= least_magnitude && magnitude <= most_magnitude;
}

/// How long rows are: the least and the greatest but for one in a hundred.
struct row_lengths {
  double least = 0.0;
  double median = 0.0;
  double greatest = 0.0;

  bool are_equal() const { return greatest - least <= same_length * median; }
};

std::optional<row_lengths> lengths_of(const dataset& data) {
  std::vector<double> norms = row_norms(data);
  if (norms.empty()) {
    return std::nullopt;
  }
  return row_lengths{quantile(norms, 0.01), quantile(norms, 0.5),
                     quantile(norms, 0.99)};
}

normalisation_choice choose_for_sparse(const dataset& train) {
  const std::optional<row_lengths> lengths = lengths_of(train);
  if (!lengths) {
    return {};
  }
  const std::vector<sparse_scale> scales = sparse_scales(train);
  const range magnitudes = magnitudes_of(scales, train.rows());
  const auto [magnitude, largest_share] = sum(scales);
  // Equal lengths are somebody's work, unless one feature makes them so or all
  // values are the same.
  if (lengths->are_equal() && largest_share <= most_of_squares &&
      magnitudes.spread() > 1.0 + same_length) {
    return std::abs(lengths->median - 1.0) <= same_length
               ? normalisation_choice{}
               : normalisation_choice{
                     normalisation_kind::unit_rows,
                     fmt::format("rows have length {:.3g}", lengths->median)};
  }
  if (magnitudes.spread() > most_spread_of_features) {
    return {normalisation_kind::max_abs,
            fmt::format("magnitudes of features range from {:.3g} to {:.3g}",
                        magnitudes.low, magnitudes.high)};
  }
  if (lengths->greatest > most_spread_of_rows * lengths->median &&
      !has_negative(train)) {
    return {normalisation_kind::unit_rows,
            fmt::format("one row in a hundred is longer than {:.3g}, half of "
                        "them than {:.3g}",
                        lengths->greatest, lengths->median)};
  }
  if (!is_tame(magnitude) && !is_tame(lengths->median)) {
    return {normalisation_kind::max_abs,
            fmt::format("the magnitude of values is {:.3g}", magnitude)};
  }
  return {};
}

}  // namespace

normalisation_choice choose_normalisation(const dataset& train) {
  if (train.empty() || train.features() == 0) {
    return {};
  }
  switch (train.layout()) {
    case layout::dense_byte:
      return choose_for_bytes(dense_scales(train).front());
    case layout::dense_float:
      return choose_for_floats(dense_scales(train));
    case layout::sparse:
      break;
  }
  return choose_for_sparse(train);
}

}  // namespace sounder::kernels

#include "kernels/data/generate.hpp"

#include <cmath>

#include <fmt/format.h>

#include "kernels/data/generate_rows.hpp"

// Compiled with -ffp-contract=off, see random.cpp.

namespace sounder::kernels {

void detail::require(bool in_range, const std::string& name, double value,
                     const std::string& range) {
  if (!in_range) {
    throw std::invalid_argument(
        fmt::format("{} {} is not {}", name, value, range));
  }
}

namespace {

std::vector<float> normal_vector(std::size_t n, random_stream random) {
  std::vector<float> values(n);
  for (float& value : values) {
    value = static_cast<float>(random.normal());
  }
  return values;
}

/// Walks through the non-zero features of a row: gaps are geometric.
class sparse_walk {
 public:
  sparse_walk(const svm_spec& spec, std::size_t row)
      : random_(detail::shape_stream(spec.seed, row)),
        log_zero_(spec.density < 1.0 ? portable_log(1.0 - spec.density) : 0.0),
        features_(static_cast<double>(spec.features)) {}

  /// The next non-zero feature; false when there is none.
  bool next(std::uint32_t& feature) {
    if (log_zero_ < 0.0) {
      const double u = 1.0 - random_.uniform();  // in (0, 1]
      at_ += std::floor(portable_log(u) / log_zero_);
    }
    if (at_ >= features_) {
      return false;
    }
    feature = static_cast<std::uint32_t>(at_);
    at_ += 1.0;
    return true;
  }

 private:
  random_stream random_;
  double log_zero_;  // log of the probability of a zero
  double features_;
  double at_ = 0.0;
};

void check(const svm_spec& spec) {
  detail::require_sizes(spec.rows, spec.test_rows, spec.features);
  detail::require(spec.density >= 1e-9 && spec.density <= 1.0, "density",
                  spec.density, "in (0, 1]");
  detail::require(spec.noise >= 0.0 && spec.noise <= 0.5, "noise", spec.noise,
                  "in [0, 0.5]");
}

dataset svm_rows(const svm_spec& spec, std::span<const float> truth,
                 std::size_t first, std::size_t rows, unsigned threads) {
  const auto length = [&](std::size_t row) {
    sparse_walk walk(spec, row);
    std::uint64_t n = 0;
    for (std::uint32_t u = 0; walk.next(u);) {
      ++n;
    }
    return n;
  };
  const auto fill = [&](std::size_t row, std::span<std::uint32_t> index,
                        std::span<float> value, unsigned) {
    sparse_walk walk(spec, row);
    random_stream random = detail::value_stream(spec.seed, row);
    for (std::size_t k = 0; k < index.size(); ++k) {
      walk.next(index[k]);
      value[k] = static_cast<float>(random.normal());
    }
    return detail::noisy_sign(detail::dot(truth, index, value), spec.noise,
                              random);
  };
  return detail::sparse_set(first, rows, spec.features, threads, length, fill);
}

dataset regression_rows(const regression_spec& spec,
                        std::span<const float> truth, std::size_t first,
                        std::size_t rows, unsigned threads) {
  dense_storage storage;
  storage.floats.resize(rows * spec.features);
  std::vector<float> labels(rows);
  detail::run_rows(
      rows, threads, [&](std::size_t from, std::size_t to, unsigned) {
        for (std::size_t i = from; i < to; ++i) {
          random_stream random = detail::value_stream(spec.seed, first + i);
          float* x = storage.floats.data() + i * spec.features;
          double y = 0.0;
          for (std::size_t u = 0; u < spec.features; ++u) {
            x[u] = static_cast<float>(random.normal());
            y += double{truth[u]} * double{x[u]};
          }
          labels[i] = static_cast<float>(y + spec.noise * random.normal());
        }
      });
  return {std::move(storage), std::move(labels), spec.features};
}

}  // namespace

std::vector<float> svm_truth(const svm_spec& spec) {
  return normal_vector(spec.features, detail::truth_stream(spec.seed));
}

train_test generate_svm(const svm_spec& spec, unsigned threads) {
  check(spec);
  const std::vector<float> truth = svm_truth(spec);
  return {svm_rows(spec, truth, 0, spec.rows, threads),
          svm_rows(spec, truth, spec.rows, spec.test_rows, threads)};
}

std::vector<float> regression_truth(const regression_spec& spec) {
  return normal_vector(spec.features, detail::truth_stream(spec.seed));
}

train_test generate_regression(const regression_spec& spec, unsigned threads) {
  detail::require_sizes(spec.rows, spec.test_rows, spec.features);
  detail::require(spec.noise >= 0.0 && std::isfinite(spec.noise), "noise",
                  spec.noise, "a finite number of at least 0");
  const std::vector<float> truth = regression_truth(spec);
  return {regression_rows(spec, truth, 0, spec.rows, threads),
          regression_rows(spec, truth, spec.rows, spec.test_rows, threads)};
}

}  // namespace sounder::kernels

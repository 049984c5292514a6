#include "kernels/data/normalise.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <span>
#include <utility>

#include "kernels/assert.hpp"
#include "kernels/data/feature_scales.hpp"
#include "kernels/data/parallel.hpp"

namespace sounder::kernels {

namespace {

constexpr std::array<std::string_view, 4> names = {"none", "unit-rows",
                                                   "max-abs", "standard"};

/// 1 for what is too small to divide by: the factor, and weights times it, must
/// be floats.
double inverse(double scale) {
  constexpr double least_scale = 1e-30;
  return scale < least_scale ? 1.0 : 1.0 / scale;
}

void learn_dense(const dataset& train, bool centres, normalisation& n) {
  for (const dense_scale& s : dense_scales(train)) {
    if (n.kind == normalisation_kind::max_abs) {
      n.factor.push_back(inverse(s.largest));
    } else if (!centres) {
      n.factor.push_back(inverse(s.root_mean_square));
    } else {
      n.shift.push_back(s.mean);
      n.factor.push_back(s.is_constant() ? 1.0 : inverse(s.deviation));
    }
  }
}

void learn_sparse(const dataset& train, normalisation& n) {
  const auto rows = static_cast<double>(train.rows());
  for (const sparse_scale& s : sparse_scales(train)) {
    n.factor.push_back(inverse(n.kind == normalisation_kind::max_abs
                                   ? static_cast<double>(s.largest)
                                   : std::sqrt(s.squares / rows)));
  }
}

/// visit(i) for every row, on several threads.
template <class Visit>
void for_each_row(std::size_t rows, unsigned threads, const Visit& visit) {
  constexpr std::size_t block = 4096;
  run_tasks((rows + block - 1) / block, threads, [&](std::size_t b, unsigned) {
    const std::size_t last = std::min((b + 1) * block, rows);
    for (std::size_t i = b * block; i < last; ++i) {
      visit(i);
    }
  });
}

void to_unit_length(std::span<float> row) {
  double squares = 0.0;
  for (const float x : row) {
    squares += static_cast<double>(x) * static_cast<double>(x);
  }
  if (squares > 0.0) {
    const double norm = std::sqrt(squares);
    for (float& x : row) {
      x = static_cast<float>(static_cast<double>(x) / norm);
    }
  }
}

std::vector<float> labels_of(const dataset& data) {
  return {data.labels().begin(), data.labels().end()};
}

dataset normalise_sparse(dataset&& data, const normalisation& how,
                         unsigned threads) {
  SOUNDER_ASSERT(how.shift.empty());
  const std::size_t features = data.features();
  std::vector<float> labels = labels_of(data);
  sparse_storage s = std::move(data).release_sparse();
  for_each_row(labels.size(), threads, [&](std::size_t i) {
    const std::uint64_t first = s.start[i];
    const std::uint64_t last = s.start[i + 1];
    if (how.kind == normalisation_kind::unit_rows) {
      to_unit_length({s.value.data() + first, last - first});
      return;
    }
    for (std::uint64_t k = first; k < last; ++k) {
      s.value[k] = static_cast<float>(static_cast<double>(s.value[k]) *
                                      how.factor_of(s.index[k]));
    }
  });
  return {std::move(s), std::move(labels), features};
}

/// Rows of T, normalised one by one, as floats.
template <class T>
dataset normalise_rows(const dense_rows<T>& rows, std::vector<float> labels,
                       const normalisation& how, unsigned threads) {
  dense_storage out;
  out.floats.resize(labels.size() * rows.features);
  for_each_row(labels.size(), threads, [&](std::size_t i) {
    const T* const from = rows.value + i * rows.features;
    const std::span to(out.floats.data() + i * rows.features, rows.features);
    for (std::size_t u = 0; u < rows.features; ++u) {
      const float x = static_cast<float>(from[u]) * rows.scale + rows.shift;
      to[u] = static_cast<float>((static_cast<double>(x) - how.shift_of(u)) *
                                 how.factor_of(u));
    }
    if (how.kind == normalisation_kind::unit_rows) {
      to_unit_length(to);
    }
  });
  return {std::move(out), std::move(labels), rows.features};
}

/// Under one shift and one factor the bytes stay, and mean something else.
dataset reinterpret_bytes(const dataset& data, const normalisation& how) {
  const dense_rows<std::uint8_t> rows = data.bytes_view();
  const double factor = how.factor_of(0);
  dense_storage out;
  out.bytes.append({rows.value, data.rows() * rows.features});
  out.shift = static_cast<float>(
      (static_cast<double>(rows.shift) - how.shift_of(0)) * factor);
  out.scale = static_cast<float>(static_cast<double>(rows.scale) * factor);
  return {std::move(out), labels_of(data), rows.features};
}

dataset normalise_dense(const dataset& data, const normalisation& how,
                        unsigned threads) {
  if (data.layout() == layout::dense_float) {
    return normalise_rows(data.floats(), labels_of(data), how, threads);
  }
  return how.factor.size() == 1
             ? reinterpret_bytes(data, how)
             : normalise_rows(data.bytes_view(), labels_of(data), how, threads);
}

double entry(const std::vector<double>& entries, std::size_t u,
             double otherwise) noexcept {
  return entries.size() == 1  ? entries[0]
         : u < entries.size() ? entries[u]
                              : otherwise;
}

}  // namespace

std::optional<normalisation_kind> normalisation_by_name(std::string_view name) {
  const auto found = std::find(names.begin(), names.end(), name);
  return found == names.end() ? std::nullopt
                              : std::optional(static_cast<normalisation_kind>(
                                    found - names.begin()));
}

std::string_view name(normalisation_kind kind) noexcept {
  return names[static_cast<std::size_t>(kind)];
}

double normalisation::shift_of(std::size_t u) const noexcept {
  return entry(shift, u, 0.0);
}

double normalisation::factor_of(std::size_t u) const noexcept {
  return entry(factor, u, 1.0);
}

normalisation learn_normalisation(const dataset& train, normalisation_kind kind,
                                  bool centres) {
  normalisation n{kind, {}, {}};
  if (train.empty() || kind == normalisation_kind::none ||
      kind == normalisation_kind::unit_rows) {
    return n;
  }
  if (train.is_sparse()) {
    learn_sparse(train, n);
  } else {
    learn_dense(train, centres, n);
  }
  return n;
}

dataset normalise(dataset&& data, const normalisation& how, unsigned threads) {
  if (how.kind == normalisation_kind::none || data.empty()) {
    return std::move(data);
  }
  std::vector<float> weights(data.weights().begin(), data.weights().end());
  return (data.is_sparse() ? normalise_sparse(std::move(data), how, threads)
                           : normalise_dense(data, how, threads))
      .with_weights(std::move(weights));
}

}  // namespace sounder::kernels

#pragma once

// Data sets of a few rows, written down.

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <utility>
#include <vector>

#include "kernels/data/dataset.hpp"

namespace sounder::tests {

using matrix = std::vector<std::vector<double>>;

/// Dense floats; labels are 0.
inline kernels::dataset dense(const matrix& rows) {
  kernels::dense_storage s;
  for (const std::vector<double>& row : rows) {
    for (const double x : row) {
      s.floats.push_back(static_cast<float>(x));
    }
  }
  return {std::move(s), std::vector<float>(rows.size()), rows[0].size()};
}

/// The values other than 0 of these rows.
inline kernels::dataset sparse(const matrix& rows) {
  kernels::sparse_storage s;
  s.start.push_back(0);
  for (const std::vector<double>& row : rows) {
    for (std::uint32_t u = 0; u < row.size(); ++u) {
      if (row[u] != 0.0) {
        s.index.push_back(u);
        s.value.push_back(static_cast<float>(row[u]));
      }
    }
    s.start.push_back(s.index.size());
  }
  return {std::move(s), std::vector<float>(rows.size()), rows[0].size()};
}

inline kernels::dataset bytes(const std::vector<std::vector<int>>& rows,
                              float scale = 1.0F, float shift = 0.0F) {
  kernels::dense_storage s;
  s.scale = scale;
  s.shift = shift;
  for (const std::vector<int>& row : rows) {
    for (const int x : row) {
      s.bytes.push_back(static_cast<std::uint8_t>(x));
    }
  }
  return {std::move(s), std::vector<float>(rows.size()), rows[0].size()};
}

/// All values, as the kernels see them.
inline matrix as_matrix(const kernels::dataset& data) {
  matrix rows(data.rows(), std::vector<double>(data.features()));
  for (std::size_t i = 0; i < data.rows(); ++i) {
    if (data.is_sparse()) {
      const auto s = data.sparse();
      for (std::uint64_t k = s.start[i]; k < s.start[i + 1]; ++k) {
        rows[i][s.index[k]] = double{s.value[k]};
      }
      continue;
    }
    for (std::size_t u = 0; u < data.features(); ++u) {
      const std::size_t at = i * data.features() + u;
      if (data.layout() == kernels::layout::dense_float) {
        rows[i][u] = double{data.floats().value[at]};
      } else {
        const auto b = data.bytes_view();
        rows[i][u] =
            double{static_cast<float>(b.value[at]) * b.scale + b.shift};
      }
    }
  }
  return rows;
}

/// Every value of feature u times factors[u].
inline matrix scaled(matrix rows, const std::vector<double>& factors) {
  for (std::vector<double>& row : rows) {
    for (std::size_t u = 0; u < row.size(); ++u) {
      row[u] *= factors[u];
    }
  }
  return rows;
}

/// The largest difference of any two entries.
inline double distance(const matrix& a, const matrix& b) {
  double most = 0.0;
  for (std::size_t i = 0; i < a.size(); ++i) {
    for (std::size_t u = 0; u < a[i].size(); ++u) {
      most = std::max(most, std::abs(a[i][u] - b.at(i).at(u)));
    }
  }
  return most;
}

}  // namespace sounder::tests

#pragma once

// Row-major matrices, vectors and arrays over memory of others.

#include <cstddef>

#include <Eigen/Core>

namespace sounder::kernels::layers {

using row_matrix =
    Eigen::Matrix<float, Eigen::Dynamic, Eigen::Dynamic, Eigen::RowMajor>;
using matrix_view = Eigen::Map<row_matrix>;
using const_matrix_view = Eigen::Map<const row_matrix>;
using vector_view = Eigen::Map<Eigen::RowVectorXf>;
using const_vector_view = Eigen::Map<const Eigen::RowVectorXf>;
using array_view = Eigen::Map<Eigen::ArrayXf>;
using const_array_view = Eigen::Map<const Eigen::ArrayXf>;

inline matrix_view matrix(float* values, std::size_t rows,
                          std::size_t columns) {
  return {values, static_cast<Eigen::Index>(rows),
          static_cast<Eigen::Index>(columns)};
}
inline const_matrix_view matrix(const float* values, std::size_t rows,
                                std::size_t columns) {
  return {values, static_cast<Eigen::Index>(rows),
          static_cast<Eigen::Index>(columns)};
}
inline vector_view vector(float* values, std::size_t n) {
  return {values, static_cast<Eigen::Index>(n)};
}
inline const_vector_view vector(const float* values, std::size_t n) {
  return {values, static_cast<Eigen::Index>(n)};
}

inline array_view array(float* values, std::size_t n) {
  return {values, static_cast<Eigen::Index>(n)};
}
inline const_array_view array(const float* values, std::size_t n) {
  return {values, static_cast<Eigen::Index>(n)};
}

}  // namespace sounder::kernels::layers

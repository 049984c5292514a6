#include "kernels/data/constant_feature.hpp"

#include <algorithm>
#include <cmath>
#include <utility>
#include <vector>

namespace sounder::kernels {

namespace {

dataset append_sparse(dataset&& data, float value) {
  const std::size_t rows = data.rows();
  const std::size_t features = data.features();
  std::vector<float> labels(data.labels().begin(), data.labels().end());
  sparse_storage s = std::move(data).release_sparse();
  const std::size_t values = s.index.size();
  s.index.resize(values + rows);
  s.value.resize(values + rows);
  // From the back: row i moves i places up and leaves one free at its end.
  for (std::size_t i = rows; i-- > 0;) {
    const std::uint64_t first = s.start[i];
    const std::uint64_t last = s.start[i + 1];
    std::move_backward(s.index.data() + first, s.index.data() + last,
                       s.index.data() + last + i);
    std::move_backward(s.value.data() + first, s.value.data() + last,
                       s.value.data() + last + i);
    s.index[last + i] = static_cast<std::uint32_t>(features);
    s.value[last + i] = value;
    s.start[i + 1] = last + i + 1;
  }
  return dataset(std::move(s), std::move(labels), features + 1);
}

/// Rows of T with one more element, each old one through `convert`.
template <class T, class From, class Convert>
void widen(const From& rows, std::size_t count, T last, buffer<T>& out,
           const Convert& convert) {
  const std::size_t old = rows.features;
  out.resize(count * (old + 1));
  for (std::size_t i = 0; i < count; ++i) {
    T* const to = out.data() + i * (old + 1);
    std::transform(rows.value + i * old, rows.value + (i + 1) * old, to,
                   convert);
    to[old] = last;
  }
}

/// The byte that stands for about this value.
std::uint8_t nearest_byte(const dense_rows<std::uint8_t>& rows,
                          float value) noexcept {
  const float byte = (value - rows.shift) / rows.scale;
  return static_cast<std::uint8_t>(std::clamp(byte + 0.5F, 0.0F, 255.0F));
}

/// Rounded once, whatever the compiler makes of a product and a sum.
float value_of(const dense_rows<std::uint8_t>& rows,
               std::uint8_t byte) noexcept {
  return std::fma(static_cast<float>(byte), rows.scale, rows.shift);
}

dataset append_dense(const dataset& data, float value) {
  dense_storage out;
  if (data.layout() == layout::dense_float) {
    widen(data.floats(), data.rows(), value, out.floats,
          [](float x) { return x; });
  } else {
    const auto rows = data.bytes_view();
    const std::uint8_t rounded = nearest_byte(rows, value);
    if (value_of(rows, rounded) == value) {
      out.scale = rows.scale;
      out.shift = rows.shift;
      widen(rows, data.rows(), rounded, out.bytes,
            [](std::uint8_t x) { return x; });
    } else {
      widen(rows, data.rows(), value, out.floats, [&](std::uint8_t x) {
        return static_cast<float>(x) * rows.scale + rows.shift;
      });
    }
  }
  return dataset(std::move(out),
                 std::vector<float>(data.labels().begin(), data.labels().end()),
                 data.features() + 1);
}

}  // namespace

float convenient_constant(const dataset& data, float wanted) noexcept {
  if (data.layout() != layout::dense_byte) {
    return wanted;
  }
  const auto rows = data.bytes_view();
  const float nearest = value_of(rows, nearest_byte(rows, wanted));
  const float ratio = nearest / wanted;
  return ratio >= 0.5F && ratio <= 2.0F ? nearest : wanted;
}

dataset with_constant_feature(dataset&& data, float value) {
  std::vector<float> weights(data.weights().begin(), data.weights().end());
  return (data.is_sparse() ? append_sparse(std::move(data), value)
                           : append_dense(data, value))
      .with_weights(std::move(weights));
}

}  // namespace sounder::kernels

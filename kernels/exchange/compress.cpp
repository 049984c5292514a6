#include "kernels/exchange/compress.hpp"

#include <algorithm>
#include <bit>
#include <cmath>
#include <cstring>
#include <limits>

#include <Eigen/Core>

namespace sounder::kernels {

namespace {

constexpr std::size_t block = 1024;

/// |x| as an integer: larger for larger numbers, then infinity, then NaN.
std::uint32_t rank_of(float x) noexcept {
  return std::bit_cast<std::uint32_t>(x) & 0x7FFFFFFFU;
}

/// Reads or writes consecutive values at any address.
template <class T>
void put(std::vector<char>& bytes, std::size_t& at, const T& value) noexcept {
  std::memcpy(bytes.data() + at, &value, sizeof value);
  at += sizeof value;
}
template <class T>
T get(std::span<const char> bytes, std::size_t index) noexcept {
  T value;
  std::memcpy(&value, bytes.data() + index * sizeof value, sizeof value);
  return value;
}

// Forms of one number each.

template <class Small>
std::vector<char> encode_each(const float* x, std::size_t n) {
  const auto most = static_cast<float>(Eigen::NumTraits<Small>::highest());
  std::vector<char> bytes(n * sizeof(Small));
  std::size_t at = 0;
  for (std::size_t j = 0; j < n; ++j) {
    const float value =
        std::isfinite(x[j]) ? std::clamp(x[j], -most, most) : x[j];
    put(bytes, at, static_cast<Small>(value));
  }
  return bytes;
}

template <class Small>
bool decode_each(std::span<const char> bytes, float* x,
                 std::size_t n) noexcept {
  if (bytes.size() != n * sizeof(Small)) {
    return false;
  }
  for (std::size_t j = 0; j < n; ++j) {
    x[j] = static_cast<float>(get<Small>(bytes, j));
  }
  return true;
}

// Blocks of a scale and whole numbers.

constexpr std::size_t int8_size(std::size_t n) noexcept {
  return n + (n + block - 1) / block * sizeof(float);
}

/// NaN when the block has a value that cannot be scaled.
float scale_of(const float* x, std::size_t n) noexcept {
  constexpr std::uint32_t limit =
      std::bit_cast<std::uint32_t>(std::numeric_limits<float>::max() / 2.0F);
  std::uint32_t most = 0;
  for (std::size_t j = 0; j < n; ++j) {
    most = std::max(most, rank_of(x[j]));
  }
  return most > limit ? std::numeric_limits<float>::quiet_NaN()
                      : std::bit_cast<float>(most) / 127.0F;
}

std::vector<char> encode_int8(const float* x, std::size_t n) {
  std::vector<char> bytes(int8_size(n));
  std::size_t at = 0;
  for (std::size_t first = 0; first < n; first += block) {
    const std::size_t last = std::min(first + block, n);
    const float scale = scale_of(x + first, last - first);
    put(bytes, at, scale);
    const bool is_usable = scale > 0.0F;
    for (std::size_t j = first; j < last; ++j) {
      const float whole = is_usable ? std::nearbyint(x[j] / scale) : 0.0F;
      put(bytes, at,
          static_cast<std::int8_t>(std::clamp(whole, -127.0F, 127.0F)));
    }
  }
  return bytes;
}

bool decode_int8(std::span<const char> bytes, float* x,
                 std::size_t n) noexcept {
  if (bytes.size() != int8_size(n)) {
    return false;
  }
  for (std::size_t first = 0; first < n; first += block) {
    const std::size_t last = std::min(first + block, n);
    const auto scale = get<float>(bytes, 0);
    bytes = bytes.subspan(sizeof scale);
    for (std::size_t j = first; j < last; ++j) {
      x[j] = scale * static_cast<float>(get<std::int8_t>(bytes, j - first));
    }
    bytes = bytes.subspan(last - first);
  }
  return true;
}

// The largest ones.

/// The indices of the k largest that are not zero, ascending; among equals the
/// first.
std::vector<std::uint32_t> largest(const float* x, std::size_t n,
                                   std::size_t k) {
  std::vector<std::uint32_t> ranks(n);
  std::transform(x, x + n, ranks.begin(), rank_of);
  const auto at = ranks.begin() + static_cast<std::ptrdiff_t>(k - 1);
  std::nth_element(ranks.begin(), at, ranks.end(), std::greater<>());
  const std::uint32_t least = *at;
  auto equals = static_cast<std::size_t>(
      k - static_cast<std::size_t>(std::count_if(
              ranks.begin(), at, [=](std::uint32_t r) { return r > least; })));
  std::vector<std::uint32_t> indices;
  indices.reserve(k);
  for (std::size_t j = 0; j < n; ++j) {
    const std::uint32_t rank = rank_of(x[j]);
    if (rank == 0 || rank < least || (rank == least && equals == 0)) {
      continue;
    }
    equals -= rank == least ? 1 : 0;
    indices.push_back(static_cast<std::uint32_t>(j));
  }
  return indices;
}

std::vector<char> encode_top_k(const float* x, std::size_t n, double fraction) {
  const auto wanted =
      static_cast<std::size_t>(std::ceil(fraction * static_cast<double>(n)));
  const auto indices = largest(x, n, std::clamp<std::size_t>(wanted, 1, n));
  const auto count = static_cast<std::uint32_t>(indices.size());
  std::vector<char> bytes(sizeof count + 2 * sizeof(float) * indices.size());
  std::size_t at = 0;
  put(bytes, at, count);
  for (const std::uint32_t j : indices) {
    put(bytes, at, j);
  }
  for (const std::uint32_t j : indices) {
    put(bytes, at, x[j]);
  }
  return bytes;
}

bool decode_top_k(std::span<const char> bytes, float* x,
                  std::size_t n) noexcept {
  constexpr std::size_t each = sizeof(std::uint32_t) + sizeof(float);
  if (bytes.size() < sizeof(std::uint32_t)) {
    return false;
  }
  const std::size_t count = get<std::uint32_t>(bytes, 0);
  bytes = bytes.subspan(sizeof(std::uint32_t));
  if (count > n || bytes.size() != count * each) {
    return false;
  }
  std::fill_n(x, n, 0.0F);
  std::size_t next = 0;
  for (std::size_t i = 0; i < count; ++i) {
    const std::size_t index = get<std::uint32_t>(bytes, i);
    if (index < next || index >= n) {
      return false;
    }
    next = index + 1;
    x[index] = get<float>(bytes, count + i);
  }
  return true;
}

}  // namespace

std::vector<char> encode(const compression& how, const float* x,
                         std::size_t n) {
  if (n == 0) {
    return {};
  }
  switch (how.form) {
    case packing::fp16:
      return encode_each<Eigen::half>(x, n);
    case packing::bf16:
      return encode_each<Eigen::bfloat16>(x, n);
    case packing::int8:
      return encode_int8(x, n);
    case packing::top_k:
      return encode_top_k(x, n, how.fraction);
    case packing::none:
      break;
  }
  return encode_each<float>(x, n);
}

bool decode(packing form, std::span<const char> bytes, float* x,
            std::size_t n) noexcept {
  if (n == 0) {
    return bytes.empty();
  }
  switch (form) {
    case packing::fp16:
      return decode_each<Eigen::half>(bytes, x, n);
    case packing::bf16:
      return decode_each<Eigen::bfloat16>(bytes, x, n);
    case packing::int8:
      return decode_int8(bytes, x, n);
    case packing::top_k:
      return decode_top_k(bytes, x, n);
    case packing::none:
      break;
  }
  return decode_each<float>(bytes, x, n);
}

}  // namespace sounder::kernels

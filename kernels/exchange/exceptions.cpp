#include "kernels/exchange/exceptions.hpp"

#include <algorithm>
#include <array>
#include <bit>
#include <cmath>
#include <cstring>
#include <limits>

namespace sounder::kernels {

namespace {

constexpr char whole_tag = 0;
constexpr char list_tag = 1;
constexpr std::size_t head = 1 + sizeof(float) + sizeof(std::uint32_t);
constexpr std::size_t longest_gap_byte = 255;

/// Also for NaN in either, and for an infinity of m, which is within any
/// distance of everything.
bool is_exception(float m, float x, float ratio, float slack) noexcept {
  const float allowed = slack * std::abs(m);
  const bool is_near = std::abs(x - ratio * m) <= allowed;
  return !(is_near & (allowed < std::numeric_limits<float>::infinity()));
}

/// A bit for each of 64 bytes that are 0 or 1.
std::uint64_t bits_of(const std::uint8_t* flags) noexcept {
  constexpr std::uint64_t gather = 0x0102040810204080U;
  std::uint64_t bits = 0;
  for (unsigned k = 0; k < 8; ++k) {
    std::uint64_t eight = 0;
    std::memcpy(&eight, flags + 8 * k, sizeof eight);
    bits |= eight * gather >> 56U << 8 * k;
  }
  return bits;
}

/// Of so many exceptions among n, at most.
std::size_t longest_list(std::size_t count, std::size_t n) noexcept {
  return head + 5 * count + n / longest_gap_byte;
}

bool decode_list(const float* m, std::span<const char> bytes, float* x,
                 std::size_t n) noexcept {
  float ratio = 0.0F;
  std::uint32_t count = 0;
  if (bytes.size() < head) {
    return false;
  }
  std::memcpy(&ratio, bytes.data() + 1, sizeof ratio);
  std::memcpy(&count, bytes.data() + 1 + sizeof ratio, sizeof count);
  const std::span<const char> rest = bytes.subspan(head);
  if (!std::isfinite(ratio) || count > n ||
      rest.size() < count * sizeof(float)) {
    return false;
  }
  const char* value = rest.data();
  const auto gaps = rest.subspan(count * sizeof(float));
  for (std::size_t j = 0; j < n; ++j) {
    x[j] = ratio * m[j];
  }
  std::size_t used = 0;
  for (std::size_t at = 0, i = 0; i < count; ++i, ++at) {
    std::size_t gap = longest_gap_byte;
    for (; gap == longest_gap_byte && used < gaps.size(); at += gap) {
      gap = static_cast<unsigned char>(gaps[used++]);
    }
    if (gap == longest_gap_byte || at >= n) {
      return false;
    }
    std::memcpy(x + at, value, sizeof(float));
    value += sizeof(float);
  }
  return used == gaps.size();
}

}  // namespace

float slack_of(payload what, float ratio, float up_rate) noexcept {
  constexpr float exact = 1.0F / 2097152.0F;
  return exact *
         (what == payload::parameters ? std::abs(ratio) : std::abs(up_rate));
}

float common_ratio(const float* m, const float* x, std::size_t n) {
  constexpr std::size_t most = 128;
  std::array<float, most> ratio;
  std::size_t count = 0;
  const std::size_t stride = (n + most - 1) / most;
  for (std::size_t j = 0; j < n; j += stride) {
    const float q = x[j] / m[j];
    if (m[j] != 0.0F && std::isfinite(q)) {
      ratio[count++] = q;
    }
  }
  if (count == 0) {
    return 0.0F;
  }
  std::sort(ratio.begin(), ratio.begin() + static_cast<std::ptrdiff_t>(count));
  const std::size_t width = (count + 7) / 8;
  std::size_t best = 0;
  for (std::size_t i = 1; i + width < count; ++i) {
    const bool is_narrower =
        ratio[i + width] - ratio[i] < ratio[best + width] - ratio[best];
    best = is_narrower ? i : best;
  }
  return ratio[best + width / 2];
}

bool find_exceptions(const float* m, const float* x, std::size_t n, float ratio,
                     float slack, std::vector<std::uint32_t>& at) {
  constexpr std::size_t block = 4096;  // in the first-level cache
  std::array<std::uint8_t, block> flags;
  at.clear();
  for (std::size_t first = 0; first < n && 5 * at.size() < 4 * n;
       first += block) {
    const std::size_t size = std::min(block, n - first);
    for (std::size_t j = 0; j < size; ++j) {
      flags[j] = is_exception(m[first + j], x[first + j], ratio, slack);
    }
    std::fill(flags.begin() + static_cast<std::ptrdiff_t>(size), flags.end(),
              std::uint8_t{0});
    // Each by its bit: nobody can guess which of them it is.
    for (std::size_t j = 0; j < size; j += 64) {
      for (std::uint64_t bits = bits_of(flags.data() + j); bits != 0;
           bits &= bits - 1) {
        const auto bit = static_cast<std::size_t>(std::countr_zero(bits));
        at.push_back(static_cast<std::uint32_t>(first + j + bit));
      }
    }
  }
  return longest_list(at.size(), n) < 1 + sizeof(float) * n;
}

std::vector<char> encode_exceptions(const float* x, std::size_t n, float ratio,
                                    std::span<const std::uint32_t> at) {
  std::vector<char> bytes(longest_list(at.size(), n));
  const auto count = static_cast<std::uint32_t>(at.size());
  bytes[0] = list_tag;
  std::memcpy(bytes.data() + 1, &ratio, sizeof ratio);
  std::memcpy(bytes.data() + 1 + sizeof ratio, &count, sizeof count);
  char* value = bytes.data() + head;
  char* gaps = value + sizeof(float) * at.size();
  std::size_t next = 0;
  for (const std::uint32_t j : at) {
    std::size_t gap = j - next;
    for (; gap >= longest_gap_byte; gap -= longest_gap_byte) {
      *gaps++ = static_cast<char>(longest_gap_byte);
    }
    *gaps++ = static_cast<char>(gap);
    std::memcpy(value, x + j, sizeof(float));
    value += sizeof(float);
    next = std::size_t{j} + 1;
  }
  bytes.resize(static_cast<std::size_t>(gaps - bytes.data()));
  return bytes;
}

std::vector<char> encode_whole(const float* x, std::size_t n) {
  if (n == 0) {
    return {};
  }
  const auto* const from = reinterpret_cast<const char*>(x);
  std::vector<char> bytes;
  bytes.reserve(1 + sizeof(float) * n);
  bytes.push_back(whole_tag);
  bytes.insert(bytes.end(), from, from + sizeof(float) * n);
  return bytes;
}

bool decode_exceptions(const float* m, std::span<const char> bytes, float* x,
                       std::size_t n) noexcept {
  if (n == 0 || bytes.empty()) {
    return n == 0 && bytes.empty();
  }
  if (bytes[0] == list_tag) {
    return decode_list(m, bytes, x, n);
  }
  if (bytes[0] != whole_tag || bytes.size() != 1 + sizeof(float) * n) {
    return false;
  }
  std::memcpy(x, bytes.data() + 1, sizeof(float) * n);
  return true;
}

}  // namespace sounder::kernels

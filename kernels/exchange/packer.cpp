#include "kernels/exchange/packer.hpp"

#include <algorithm>

#include "kernels/shared_vector.hpp"

namespace sounder::kernels {

packer::packer(const compression& how, payload what,
               std::span<const float> start)
    : how_(how), what_(what), memory_(start.size(), 0.0F) {
  if (what == payload::parameters) {
    std::copy(start.begin(), start.end(), memory_.begin());
  }
}

std::vector<char> packer::pack(std::size_t first, const float* x,
                               std::size_t n) {
  const float sign = what_ == payload::differences  ? 1.0F
                     : what_ == payload::parameters ? -1.0F
                                                    : 0.0F;
  float* const m = memory_.data() + first;
  std::vector<float> whole(n);
  for (std::size_t j = 0; j < n; ++j) {
    whole[j] = sign == 0.0F ? x[j] : x[j] + sign * m[j];
  }
  std::vector<char> bytes = encode(how_, whole.data(), n);
  // By the same function as there, so that both ends have the same bits.
  std::vector<float> there(n);
  decode(how_.form, bytes, there.data(), n);
  for (std::size_t j = 0; j < n; ++j) {
    m[j] = what_ == payload::parameters ? m[j] + there[j] : whole[j] - there[j];
  }
  return bytes;
}

unpacker::unpacker(packing form, payload what, std::span<const float> start)
    : form_(form), what_(what), size_(start.size()) {
  if (what == payload::parameters) {
    memory_.assign(start.begin(), start.end());
  }
}

bool unpacker::unpack(std::size_t first, std::span<const char> bytes, float* x,
                      std::size_t n) {
  if (first > size_ || n > size_ - first || !decode(form_, bytes, x, n)) {
    return false;
  }
  if (what_ == payload::parameters) {
    for (std::size_t j = 0; j < n; ++j) {
      x[j] = memory_[first + j] += x[j];
    }
  }
  return true;
}

void take_back(const far_end& e, const float* lost) noexcept {
#pragma omp simd
  for (std::size_t j = 0; j < e.n; ++j) {
    relaxed::store(e.c[j], relaxed::load(e.c[j]) - lost[j]);
  }
}

}  // namespace sounder::kernels

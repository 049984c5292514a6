#pragma once

// Floats as fewer bytes than four each, and back.
//
//   fp16   IEEE half precision, rounded to nearest even: 2 n bytes. Relative
//          error 2^-11 from 2^-14 up, absolute 2^-25 below. Beyond 65504:
//          65504.
//   bf16   the upper half of a float, rounded likewise: 2 n bytes. Relative
//          error 2^-8; numbers below 1.2e-38 may become 0.
//   int8   blocks of 1,024 values, the last one shorter: a scale, max |x| /
//   127,
//          and x / scale rounded to a whole number: n + 4 ceil(n / 1024) bytes.
//          Error scale / 2.
//   top_k  the k = ceil(fraction n) largest by magnitude, as they are: how
//   many,
//          their indices, ascending, and their values: 4 + 8 k bytes at most,
//          for zeros stay out. The others become 0.
//
// What is not finite is never made finite. fp16 and bf16 carry infinities and
// NaN. A block of int8 with one of them, or with a number beyond 1.7e38,
// becomes NaN as a whole. To top_k an infinity is larger than any number and
// NaN larger still.
//
// Byte order is the host's, as everywhere between nodes.

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

namespace sounder::kernels {

enum class packing : std::uint8_t { none, fp16, bf16, int8, top_k };

struct compression {
  packing form = packing::none;  // four bytes each, as they are
  double fraction = 0.01;        // top_k: of the values, in (0, 1]
};

/// The bytes for x[0, n), never none for n > 0. n < 2^32.
/// Cost: O(n); one to three passes.
std::vector<char> encode(const compression& how, const float* x, std::size_t n);

/// The values of bytes that anybody may have sent. False, with x undefined,
/// when they are not those of n values in this form.
bool decode(packing form, std::span<const char> bytes, float* x,
            std::size_t n) noexcept;

}  // namespace sounder::kernels

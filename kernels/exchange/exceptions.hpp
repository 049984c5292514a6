#pragma once

// Floats as what a prediction does not foretell: predictive coding with a list
// of exceptions.
//
// x is what is to be said, m what both ends know: parameters. After a few steps
// on sparse samples most of x is one multiple of m: r = 1 where parameters have
// stayed, the product of the steps' shrinking under an L2 penalty, 0 or that
// less 1 where x are differences. So r is said, and each x_j with
//
//   |x_j - r m_j| > slack |m_j|        an exception; all others become r m_j
//
// The slack (slack_of) is 2^-21: a coordinate that no step has touched is off
// its multiple of m by a handful of roundings of 2^-24 each, of the fold at the
// replica, of each sum at the hub, of r m_j at either end, which add up like a
// random walk until it is said anew. At a slack of two of them, 2^-23, walks
// end within a few meetings, and as many bytes travel for rounding errors as
// for moves; at eight they last for sixteen times as many.
//
//   bytes    tag 1, r, count, values, gaps:  9 + 5 count at best
//            a gap is the number of coordinates between two exceptions, a byte
//            where it is below 255; a byte of 255 adds to the next one
//            tag 0, all x_j as they are:     1 + 4 n
//
// What is not finite is never made finite: a NaN or infinity in x or m is
// always an exception. Byte order is the host's, as everywhere between nodes.
//
// Source:  of lists of what a model gets wrong: Zukowski, Heman, Nes, Boncz,
//          "Super-scalar RAM-CPU cache compression", ICDE 2006 (PFOR).
// Threads: any, on memory that the callers keep apart.

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "kernels/exchange/exchange_rule.hpp"

namespace sounder::kernels {

/// Where x is no exception, as a share of |m_j|, for the ratio r. Parameters
/// are as exact as floats are: a share of |r m_j|. Differences are as exact as
/// the parameters they come from, `up_rate` times (exchange_rule::up_rate).
float slack_of(payload what, float ratio, float up_rate) noexcept;

/// r: what most of x / m have in common; 0 where m says nothing. Of a sample,
/// the middle of the narrowest range that holds an eighth: popular features are
/// in most samples, and the median would be one that was touched.
/// Cost: O(1): some hundred coordinates.
float common_ratio(const float* m, const float* x, std::size_t n);

/// The coordinates of [0, n) that are exceptions, ascending, into `at`. False,
/// with some of them, where a list of them may take no less than the values as
/// they are. n < 2^32. Cost: one pass; no allocation where `at` has room.
bool find_exceptions(const float* m, const float* x, std::size_t n, float ratio,
                     float slack, std::vector<std::uint32_t>& at);

/// The list of these.
std::vector<char> encode_exceptions(const float* x, std::size_t n, float ratio,
                                    std::span<const std::uint32_t> at);

/// All values as they are; none for n = 0.
std::vector<char> encode_whole(const float* x, std::size_t n);

/// The values of bytes, of either form, that anybody may have sent. False, with
/// x undefined, when they are not those of n values.
bool decode_exceptions(const float* m, std::span<const char> bytes, float* x,
                       std::size_t n) noexcept;

/// Whether to look for exceptions. Where values have travelled as they are, it
/// has been for nothing, and will be for some time: 1, 2, 4 ... 64 times nobody
/// looks.
class exception_search {
 public:
  bool is_due() noexcept { return left_ == 0 || left_-- == 0; }
  void note(bool has_found) noexcept {
    skipped_ =
        has_found ? std::uint8_t{0}
        : skipped_ == 0
            ? std::uint8_t{1}
            : static_cast<std::uint8_t>(skipped_ < 64 ? 2 * skipped_ : 64);
    left_ = skipped_;
  }

  /// Passes all that changes of it to `all`.
  template <class Archive>
  void keep(Archive& all) {
    all(skipped_, left_);
  }

 private:
  std::uint8_t skipped_ = 0;
  std::uint8_t left_ = 0;
};

}  // namespace sounder::kernels

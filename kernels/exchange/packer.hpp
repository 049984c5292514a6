#pragma once

// Compression with a memory: what is lost on the way is not lost for good.
//
// x is what an end has to say of a stretch, C what compress.hpp makes of
// numbers, m the end's memory. What is remembered depends on what a payload is
// for (exchange_rule::goes_up, goes_down):
//
//   differences  add up at the other end: error feedback.
//                  send C(x + m);  m <- x + m - C(x + m)
//   parameters   replace each other: send the difference to what the other end
//                has, which is m at both ends.
//                  send C(x - m);  m <- m + C(x - m);  there: x <- m
//   pulls        move both ends: neither makes the part that was lost, which
//                is in the next pull again, for the ends are still apart.
//                  send C(x);  m <- x - C(x);  here: take_back
//
// So sums of differences arrive in full, if later, and parameters that settle
// arrive exactly, for the differences between them go to 0 and the errors with
// them.
//
// Source:  Seide, Fu, Droppo, Li, Yu, "1-bit stochastic gradient descent",
//          Interspeech 2014, section 2.2; Stich, Cordonnier, Jaggi, "Sparsified
//          SGD with memory", NeurIPS 2018, Algorithm 1. Parameters:
//          Koloskova, Stich, Jaggi, "Decentralized stochastic optimization and
//          gossip algorithms with compressed communication", ICML 2019,
//          Algorithm 2. Deviation: a replica with differences of its own on
//          hold goes on from parameters that have them (exchange_rule::keep).
// Threads: the caller owns an object exclusively during a call.

#include <cstddef>
#include <span>
#include <vector>

#include "kernels/exchange/compress.hpp"
#include "kernels/exchange/exchange_rule.hpp"

namespace sounder::kernels {

/// The sending end. Memory: a vector.
class packer {
 public:
  /// `start` is what both ends know before anything was sent: parameters; its
  /// size is that of the vector.
  packer(const compression& how, payload what, std::span<const float> start);

  /// The bytes for coordinates [first, first + n).
  std::vector<char> pack(std::size_t first, const float* x, std::size_t n);

  /// m from a coordinate on; of differences and pulls: what was lost.
  const float* memory(std::size_t first) const noexcept {
    return memory_.data() + first;
  }
  payload what() const noexcept { return what_; }

  /// Passes all that changes of it to `all`.
  template <class Archive>
  void keep(Archive& all) {
    all(memory_);
  }

 private:
  compression how_;
  payload what_;
  std::vector<float> memory_;
};

/// The receiving end. Memory: a vector for parameters.
class unpacker {
 public:
  unpacker(packing form, payload what, std::span<const float> start);

  /// What the other end says of coordinates [first, first + n). Every message
  /// of that end has to come here once, in order. False, and nothing has
  /// happened, when the bytes or the place make no sense.
  bool unpack(std::size_t first, std::span<const char> bytes, float* x,
              std::size_t n);

  /// Passes all that changes of it to `all`.
  template <class Archive>
  void keep(Archive& all) {
    all(memory_);
  }

 private:
  packing form_;
  payload what_;
  std::size_t size_;
  std::vector<float> memory_;
};

/// c <- c - lost: the part of a pull that does not travel is not made.
void take_back(const far_end& e, const float* lost) noexcept;

}  // namespace sounder::kernels

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
// Where both ends know parameters, what they foretell need not be said
// (exceptions.hpp): m are those that came down last, and of differences l is
// what has not travelled.
//
//   differences  x + l is said against m;  l <- x + l - what was said
//   parameters   x is said against m;  m <- what was said, at both ends
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
#include <cstdint>
#include <memory>
#include <span>
#include <vector>

#include "kernels/exchange/compress.hpp"
#include "kernels/exchange/exceptions.hpp"
#include "kernels/exchange/exchange_rule.hpp"

namespace sounder::kernels {

/// Parameters that both ends of a link know, at one of them.
using known_parameters = std::shared_ptr<std::vector<float>>;

/// The sending end. Memory: a vector; against what is known one for
/// differences, none for parameters but those known, and the places of a
/// packet's exceptions.
class packer {
 public:
  /// `start` is what both ends know before anything was sent: parameters; its
  /// size is that of the vector.
  packer(const compression& how, payload what, std::span<const float> start);

  /// Against what is known: no pulls.
  packer(known_parameters known, payload what);

  /// The bytes for coordinates [first, first + n). Against what is known, of
  /// differences: exchange_rule::up_rate.
  std::vector<char> pack(std::size_t first, const float* x, std::size_t n,
                         float up_rate = 1.0F);

  /// m from a coordinate on; of differences and pulls: what was lost.
  const float* memory(std::size_t first) const noexcept {
    return memory_.data() + first;
  }
  payload what() const noexcept { return what_; }

  /// Passes all that changes of it to `all`.
  template <class Archive>
  void keep(Archive& all) {
    all(memory_);
    if (known_) {
      all(searches_);
    }
    if (known_ && what_ == payload::parameters) {
      all(*known_);
    }
  }

 private:
  std::vector<char> pack_unknown(std::size_t first, const float* x,
                                 std::size_t n, float up_rate);
  void note_list(std::size_t first, const float* x, std::size_t n, float ratio);

  compression how_;
  payload what_;
  std::vector<float> memory_;
  known_parameters known_;
  std::vector<exception_search> searches_;  // of each 2^16 coordinates
  std::vector<std::uint32_t> found_;        // by the call at hand
};

/// The receiving end. Memory: a vector for parameters.
class unpacker {
 public:
  unpacker(packing form, payload what, std::span<const float> start);

  /// Against what is known: no pulls.
  unpacker(known_parameters known, payload what);

  /// What the other end says of coordinates [first, first + n). Every message
  /// of that end has to come here once, in order. False, and nothing has
  /// happened, when the bytes or the place make no sense.
  bool unpack(std::size_t first, std::span<const char> bytes, float* x,
              std::size_t n);

  /// Passes all that changes of it to `all`.
  template <class Archive>
  void keep(Archive& all) {
    all(memory_);
    if (known_ && what_ == payload::parameters) {
      all(*known_);
    }
  }

 private:
  packing form_;
  payload what_;
  std::size_t size_;
  std::vector<float> memory_;
  known_parameters known_;
};

/// c <- c - lost: the part of a pull that does not travel is not made.
void take_back(const far_end& e, const float* lost) noexcept;

}  // namespace sounder::kernels

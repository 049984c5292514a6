#pragma once

// How the payloads of a link travel between processes. Within a process
// nothing travels, and nothing is compressed. The forms themselves are in
// kernels/exchange/compress.hpp, what makes up for their losses in packer.hpp.

#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "topology/exchange.hpp"

namespace sounder::topology {

/// Floats as they are: 4 bytes each.
struct as_is : no_fields {
  static constexpr only_name traits = {"none"};
};

/// Half precision: 2 bytes, error 2^-11 of the number, from 6e-8 to 65504.
struct fp16 : no_fields {
  static constexpr only_name traits = {"fp16"};
};

/// The upper half of a float: 2 bytes, error 2^-8, all magnitudes.
struct bf16 : no_fields {
  static constexpr only_name traits = {"bf16"};
};

/// Whole numbers up to 127 and a scale for each 1,024 of them: a byte each.
struct int8 : no_fields {
  static constexpr only_name traits = {"int8"};
};

/// The share of the numbers that is largest by magnitude, with their indices:
/// 8 bytes each.
struct top_k {
  double fraction = 0.01;

  static constexpr only_name traits = {"top-k"};
  template <class Self, class Visit>
  static void fields(Self& self, Visit& visit) {
    visit("fraction", self.fraction, range::sparse_share);
  }
};

using compression = std::variant<as_is, fp16, bf16, int8, top_k>;

/// The name that files use: "none", "fp16", "bf16", "int8", "top-k".
std::string_view name(const compression& how) noexcept;

/// From "none" to "top-k" or "top-k:FRACTION".
/// Errors: std::invalid_argument, which says what is wrong with the text.
compression parse_compression(std::string_view text);

/// Bytes that travel for so many bytes of parameters, at most.
///
///   fp16, bf16  B / 2          int8  B / 4 + B / 1024
///   top-k       2 fraction B   (and 4 bytes a packet, which are not counted)
double compressed_bytes(const compression& how, double parameter_bytes);

/// Why payloads of the exchange cannot be compressed so; empty when they can.
///
///   all-reduce   not at all: every rank must end with the same bits
///   push-sum     not at all: shares and weights must add up at all times
///   token-merge  not with top-k: both ends count on the same moves
///   mix          not with top-k: late parameters would shift the mean
std::string refusal(const compression& how, const exchange& rule);

}  // namespace sounder::topology

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

/// What a form says of itself. Beside its traits and fields it has
///
///   double bytes(double b) const    what travels for b bytes, at most
struct compression_traits {
  std::string_view name;
  bool leaves_out;  // some numbers do not travel at all
};

/// Floats as they are: 4 bytes each.
struct as_is : no_fields {
  static constexpr compression_traits traits = {"none", false};
  double bytes(double b) const noexcept { return b; }
};

/// Half precision: 2 bytes, error 2^-11 of the number, from 6e-8 to 65504.
struct fp16 : no_fields {
  static constexpr compression_traits traits = {"fp16", false};
  double bytes(double b) const noexcept { return b / 2.0; }
};

/// The upper half of a float: 2 bytes, error 2^-8, all magnitudes.
struct bf16 : no_fields {
  static constexpr compression_traits traits = {"bf16", false};
  double bytes(double b) const noexcept { return b / 2.0; }
};

/// Whole numbers up to 127 and a scale for each 1,024 of them: a byte each.
struct int8 : no_fields {
  static constexpr compression_traits traits = {"int8", false};
  double bytes(double b) const noexcept { return b / 4.0 + b / 1024.0; }
};

/// The share of the numbers that is largest by magnitude, with their indices:
/// 8 bytes each (and 4 bytes a packet, which are not counted).
struct top_k {
  double fraction = 0.01;

  static constexpr compression_traits traits = {"top-k", true};
  double bytes(double b) const noexcept { return 2.0 * fraction * b; }
  template <class Self, class Visit>
  static void fields(Self& self, Visit& visit) {
    visit("fraction", self.fraction, range::sparse_share);
  }
};

using compression = std::variant<as_is, fp16, bf16, int8, top_k>;

/// The name that files use: "none", "fp16", "bf16", "int8", "top-k".
std::string_view name(const compression& how) noexcept;

/// From "none" to "top-k" or "top-k:FRACTION": a name and, where the form has
/// a field, its value.
/// Errors: std::invalid_argument, which says what is wrong with the text.
compression parse_compression(std::string_view text);

/// Bytes that travel for so many bytes of parameters, at most.
double compressed_bytes(const compression& how, double parameter_bytes);

/// Why payloads of the exchange cannot be compressed so; empty when they can.
///
///   all-reduce   not at all: every rank must end with the same bits
///   push-sum     not at all: shares and weights must add up at all times
///   token-merge  not with top-k: both ends count on the same moves
///   mix          not with top-k: late parameters would shift the mean
std::string refusal(const compression& how, const exchange& rule);

}  // namespace sounder::topology

#pragma once

// Bytes that are kept: what they are in front of them, a checksum behind.

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "actors/sync/state_archive.hpp"

namespace sounder::actors {

/// What bytes are: eight letters, and the version of their form.
struct state_kind {
  std::uint64_t magic = 0;  // the letters, little-endian
  std::uint32_t version = 0;
};

/// kind (8 + 4 bytes), length of what follows (8), body, XXH3 of all that (8).
std::vector<std::byte> framed(const state_kind& kind,
                              std::vector<std::byte> body);

/// The body, where the bytes are.
///
/// Errors: state_error, in one line: what is something else, of another
///         version, truncated, longer, damaged.
std::span<const std::byte> unframed(const state_kind& kind,
                                    std::span<const std::byte> bytes);

}  // namespace sounder::actors

#pragma once

// The layout of a cache file; shared by its reader and its writer.

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>
#include <vector>

#include "kernels/data/hash.hpp"
#include "kernels/data/source_state.hpp"

namespace sounder::kernels::cache_format {

// Raise the version with every change of the format or of what the readers
// make of the same text.
constexpr std::uint64_t magic = 0x0a7265646e756f73U;  // "sounder\n"
constexpr std::uint32_t version = 2;
constexpr std::uint64_t chunk_bytes = 256U << 10U;  // fits a core's cache

/// The file: header, `files` stamps, a checksum for each chunk, sections.
/// Plain memory without padding.
struct header {
  std::uint64_t magic = cache_format::magic;
  std::uint32_t version = cache_format::version;
  std::uint32_t layout = 0;
  hash_128 variant{};
  hash_128 content{};  // of the source
  std::int64_t observed_ns = 0;
  std::uint64_t files = 0;
  std::uint64_t rows = 0;
  std::uint64_t features = 0;
  std::uint64_t nonzeros = 0;  // sparse layout only
  float scale = 1.0F;
  float shift = 0.0F;
  std::uint64_t checksum = 0;  // of header, stamps and chunk checksums
};
static_assert(sizeof(header) == 104);
static_assert(sizeof(file_stamp) == 40);

/// Part of a section of the payload, with a checksum of its own.
struct chunk {
  std::size_t section;
  std::uint64_t offset;  // in the section
  std::uint64_t bytes;
  std::uint64_t at;  // behind the start of the payload
};

inline std::vector<chunk> chunks_of(std::span<const std::uint64_t> sections) {
  std::vector<chunk> chunks;
  std::uint64_t at = 0;
  for (std::size_t s = 0; s < sections.size(); ++s) {
    for (std::uint64_t done = 0; done < sections[s];) {
      const std::uint64_t n = std::min(chunk_bytes, sections[s] - done);
      chunks.push_back({s, done, n, at});
      done += n;
      at += n;
    }
  }
  return chunks;
}

inline hash_128 hash_of(std::string_view variant) {
  return hash_128_of(std::as_bytes(std::span(variant)));
}

/// The checksum of a header and its tables; ignores the one it carries.
inline std::uint64_t checksum(header head,
                              const std::vector<file_stamp>& stamps,
                              const std::vector<std::uint64_t>& chunks) {
  head.checksum = 0;
  std::uint64_t hash = hash_64_of(std::as_bytes(std::span(&head, 1)));
  hash = hash_64_of(std::as_bytes(std::span(stamps)), hash);
  return hash_64_of(std::as_bytes(std::span(chunks)), hash);
}

}  // namespace sounder::kernels::cache_format

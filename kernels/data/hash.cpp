#include "kernels/data/hash.hpp"

// Inline, so that it uses this machine's widest vectors when we do.
#define XXH_INLINE_ALL
#include <xxhash.h>

namespace sounder::kernels {

std::uint64_t hash_64_of(std::span<const std::byte> bytes,
                         std::uint64_t seed) noexcept {
  return XXH3_64bits_withSeed(bytes.data(), bytes.size(), seed);
}

hash_128 hash_128_of(std::span<const std::byte> bytes,
                     std::uint64_t seed) noexcept {
  const XXH128_hash_t hash =
      XXH3_128bits_withSeed(bytes.data(), bytes.size(), seed);
  return {hash.low64, hash.high64};
}

}  // namespace sounder::kernels

#pragma once

// A binary copy of a data set as it was loaded, so that text is parsed once.
// Never trusted: see read_cache.

#include <filesystem>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "kernels/data/dataset.hpp"
#include "kernels/data/source_state.hpp"

namespace sounder::kernels {

/// Where the cache of these files lives in `directory`. `variant` spells the
/// load options that change the result; other options, other cache.
std::filesystem::path cache_path(const std::filesystem::path& directory,
                                 std::span<const std::filesystem::path> files,
                                 std::string_view variant);

/// The cached data set, or nothing and in `why_not` a phrase for people:
/// "there is none yet", "the source has changed", "damaged (...)".
///
/// Returned only when all of this holds:
/// - format version and variant are ours;
/// - the source is what was loaded: all stamps are equal and were settled
///   (source_state.hpp), or else the content hashes to the same 128 bits;
/// - every byte of the cache is as it was written, by checksum;
/// - sizes, row starts and indices are in range, so that even a forged cache
///   cannot lead outside the memory.
///
/// Format: header, stamps of the source, a checksum (XXH3-64) for each 256 KiB,
///         then labels and rows as they are in memory. Not portable between
///         byte orders: the other kind is refused as an unknown format.
/// Cost:   one copy from the page cache with `threads` threads; hashes the
///         source when its stamps prove nothing.
std::optional<dataset> read_cache(const std::filesystem::path& cache,
                                  std::span<const std::filesystem::path> files,
                                  std::string_view variant,
                                  std::string* why_not = nullptr,
                                  unsigned threads = 0);

/// Stores `data`, loaded from `files` after they were observed to be in state
/// `before`. The cache appears whole or not at all; its directory is made if
/// need be, readable by its owner only.
///
/// Returns false, with nothing written, when the source has changed since.
/// Errors: data_error when the cache cannot be written. Training can go on.
bool write_cache(const std::filesystem::path& cache, const dataset& data,
                 std::span<const std::filesystem::path> files,
                 const source_state& before, std::string_view variant,
                 unsigned threads = 0);

}  // namespace sounder::kernels

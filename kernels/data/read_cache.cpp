#include <algorithm>
#include <utility>

#include <fmt/format.h>

#include "kernels/data/cache.hpp"
#include "kernels/data/cache_format.hpp"
#include "kernels/data/data_error.hpp"
#include "kernels/data/parallel.hpp"
#include "kernels/data/random_access_file.hpp"

namespace sounder::kernels {

namespace fs = std::filesystem;
namespace format = cache_format;

namespace {

/// Why a cache is not used; never leaves this file.
struct rejected {
  std::string why;
};

/// Header and tables of a cache, and how its payload is divided.
struct contents {
  format::header head;
  std::vector<file_stamp> stamps;
  std::vector<std::uint64_t> sections;  // bytes of each
  std::vector<format::chunk> chunks;
  std::vector<std::uint64_t> checksums;  // one a chunk
  std::uint64_t payload = 0;             // where it starts
};

/// Bytes of each section. Nothing overflows: no count passes the file's size.
std::vector<std::uint64_t> sections_of(const format::header& head,
                                       std::uint64_t file_bytes) {
  constexpr std::uint64_t most_features = std::uint64_t{1} << 32U;
  const auto kind = static_cast<layout>(head.layout);
  const bool sparse = kind == layout::sparse;
  if (head.layout > static_cast<std::uint32_t>(layout::dense_byte) ||
      head.rows > file_bytes || head.features > most_features ||
      head.nonzeros > file_bytes ||
      (!sparse && head.features > 0 &&
       head.rows > file_bytes / head.features)) {
    throw rejected{"damaged (impossible sizes)"};
  }
  const std::uint64_t labels = head.rows * sizeof(float);
  if (sparse) {
    return {labels, (head.rows + 1) * sizeof(std::uint64_t),
            head.nonzeros * sizeof(std::uint32_t),
            head.nonzeros * sizeof(float)};
  }
  const std::uint64_t values = head.rows * head.features;
  return {labels,
          kind == layout::dense_float ? values * sizeof(float) : values};
}

contents read_contents(const random_access_file& file) {
  contents c;
  if (!file.read(&c.head, sizeof(c.head), 0)) {
    throw rejected{"damaged (too short)"};
  }
  if (c.head.magic != format::magic || c.head.version != format::version) {
    throw rejected{"not in the format of this version"};
  }
  c.sections = sections_of(c.head, file.bytes());
  std::uint64_t payload_bytes = 0;
  for (const std::uint64_t section : c.sections) {
    payload_bytes += section;
  }
  if (c.head.files > file.bytes() / sizeof(file_stamp) ||
      payload_bytes > file.bytes()) {
    throw rejected{"damaged (too short)"};
  }
  c.chunks = format::chunks_of(c.sections);
  c.stamps.resize(c.head.files);
  c.checksums.resize(c.chunks.size());
  const std::uint64_t stamp_bytes = c.stamps.size() * sizeof(c.stamps[0]);
  const std::uint64_t checksum_bytes =
      c.checksums.size() * sizeof(c.checksums[0]);
  c.payload = sizeof(c.head) + stamp_bytes + checksum_bytes;
  if (c.payload + payload_bytes != file.bytes()) {
    throw rejected{"damaged (wrong size)"};
  }
  if (!file.read(c.stamps.data(), stamp_bytes, sizeof(c.head)) ||
      !file.read(c.checksums.data(), checksum_bytes,
                 sizeof(c.head) + stamp_bytes) ||
      format::checksum(c.head, c.stamps, c.checksums) != c.head.checksum) {
    throw rejected{"damaged (checksum of the header)"};
  }
  return c;
}

void check_source(const contents& c, std::span<const fs::path> files,
                  unsigned threads) {
  const auto now = stamps_of(files);
  const source_state then{c.stamps, c.head.observed_ns, c.head.content};
  if (now == then.stamps && then.settled()) {
    return;
  }
  const auto same_size = [](const file_stamp& a, const file_stamp& b) {
    return a.bytes == b.bytes;
  };
  if (!std::ranges::equal(now, then.stamps, same_size) ||
      observe(files, threads).content != then.content) {
    throw rejected{"the source has changed"};
  }
}

/// Reads the payload into the sections' memory, chunk by chunk, each checked
/// while it is in the core's cache. `check(chunk)` sees it after that.
template <class Check>
void read_payload(const random_access_file& file, const contents& c,
                  const std::vector<char*>& sections, unsigned threads,
                  const Check& check) {
  run_tasks(c.chunks.size(), threads, [&](std::size_t i, unsigned) {
    const format::chunk& chunk = c.chunks[i];
    char* data = sections[chunk.section] + chunk.offset;
    if (!file.read(data, chunk.bytes, c.payload + chunk.at) ||
        hash_64_of(std::as_bytes(std::span(data, chunk.bytes))) !=
            c.checksums[i]) {
      throw rejected{fmt::format("damaged (checksum of bytes {} to {})",
                                 c.payload + chunk.at,
                                 c.payload + chunk.at + chunk.bytes)};
    }
    check(chunk);
  });
}

template <class T>
char* bytes_of(T& container) {
  return reinterpret_cast<char*>(container.data());
}

dataset read_sparse(const random_access_file& file, const contents& c,
                    unsigned threads) {
  std::vector<float> labels(c.head.rows);
  sparse_storage s;
  s.start.resize(c.head.rows + 1);
  s.index.resize(c.head.nonzeros);
  s.value.resize(c.head.nonzeros);
  const auto check = [&](const format::chunk& chunk) {
    if (chunk.section != 2) {
      return;
    }
    const std::uint32_t* first =
        s.index.data() + chunk.offset / sizeof(std::uint32_t);
    std::uint32_t largest = 0;
    for (std::size_t k = 0; k < chunk.bytes / sizeof(std::uint32_t); ++k) {
      largest = std::max(largest, first[k]);
    }
    if (largest >= c.head.features) {
      throw rejected{"damaged (index out of range)"};
    }
  };
  read_payload(file, c,
               {bytes_of(labels), bytes_of(s.start), bytes_of(s.index),
                bytes_of(s.value)},
               threads, check);
  if (s.start[0] != 0 || s.start[c.head.rows] != c.head.nonzeros ||
      !std::is_sorted(s.start.begin(), s.start.end())) {
    throw rejected{"damaged (row starts out of order)"};
  }
  return {std::move(s), std::move(labels), c.head.features};
}

dataset read_dense(const random_access_file& file, const contents& c,
                   unsigned threads) {
  std::vector<float> labels(c.head.rows);
  dense_storage s;
  s.scale = c.head.scale;
  s.shift = c.head.shift;
  const bool bytes = static_cast<layout>(c.head.layout) == layout::dense_byte;
  if (bytes) {
    s.bytes.resize(c.head.rows * c.head.features);
  } else {
    s.floats.resize(c.head.rows * c.head.features);
  }
  read_payload(
      file, c,
      {bytes_of(labels), bytes ? bytes_of(s.bytes) : bytes_of(s.floats)},
      threads, [](const format::chunk&) {});
  return {std::move(s), std::move(labels), c.head.features};
}

}  // namespace

std::optional<dataset> read_cache(const fs::path& cache,
                                  std::span<const fs::path> files,
                                  std::string_view variant,
                                  std::string* why_not, unsigned threads) {
  std::string why;
  try {
    if (!fs::exists(cache)) {
      throw rejected{"there is none yet"};
    }
    const random_access_file file(cache);
    const contents c = read_contents(file);
    if (c.head.variant != format::hash_of(variant)) {
      throw rejected{"made with other options"};
    }
    check_source(c, files, threads);
    return static_cast<layout>(c.head.layout) == layout::sparse
               ? read_sparse(file, c, threads)
               : read_dense(file, c, threads);
  } catch (const rejected& reason) {
    why = reason.why;
  } catch (const data_error& error) {  // cache or source cannot be read
    why = error.what();
  } catch (const fs::filesystem_error& error) {
    why = error.what();
  }
  if (why_not != nullptr) {
    *why_not = why;
  }
  return std::nullopt;
}

}  // namespace sounder::kernels

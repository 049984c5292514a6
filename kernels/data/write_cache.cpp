#include <cstddef>

#include <fmt/format.h>

#include "kernels/data/atomic_file.hpp"
#include "kernels/data/cache.hpp"
#include "kernels/data/cache_format.hpp"
#include "kernels/data/data_error.hpp"
#include "kernels/data/parallel.hpp"

namespace sounder::kernels {

namespace fs = std::filesystem;
namespace format = cache_format;

namespace {

template <class T>
std::span<const std::byte> in_bytes(const T* data, std::size_t size) {
  return std::as_bytes(std::span(data, size));
}

/// The memory of a data set as the payload of a cache.
struct payload {
  std::vector<std::uint64_t> start;  // counted from 0, also for a slice
  std::vector<std::span<const std::byte>> sections;

  explicit payload(const dataset& data) {
    const auto labels = data.labels();
    sections.push_back(in_bytes(labels.data(), labels.size()));
    switch (data.layout()) {
      case layout::sparse:
        add_sparse(data);
        break;
      case layout::dense_float:
        sections.push_back(in_bytes(data.floats().value, data.nonzeros()));
        break;
      case layout::dense_byte:
        sections.push_back(in_bytes(data.bytes_view().value, data.nonzeros()));
        break;
    }
  }
  payload(const payload&) = delete;
  payload& operator=(const payload&) = delete;

 private:
  void add_sparse(const dataset& data) {
    const sparse_rows rows = data.sparse();
    start.resize(data.rows() + 1);
    const std::uint64_t origin = data.empty() ? 0 : rows.start[0];
    for (std::size_t i = 0; i < data.rows(); ++i) {
      start[i + 1] = rows.start[i + 1] - origin;
    }
    sections.push_back(in_bytes(start.data(), start.size()));
    sections.push_back(in_bytes(rows.index + origin, data.nonzeros()));
    sections.push_back(in_bytes(rows.value + origin, data.nonzeros()));
  }
};

std::vector<std::uint64_t> checksums_of(const payload& content,
                                        unsigned threads) {
  std::vector<std::uint64_t> sizes;
  for (const auto& section : content.sections) {
    sizes.push_back(section.size());
  }
  const auto chunks = format::chunks_of(sizes);
  std::vector<std::uint64_t> checksums(chunks.size());
  run_tasks(chunks.size(), threads, [&](std::size_t i, unsigned) {
    checksums[i] = hash_64_of(content.sections[chunks[i].section].subspan(
        chunks[i].offset, chunks[i].bytes));
  });
  return checksums;
}

format::header header_of(const dataset& data, const source_state& source,
                         std::string_view variant) {
  format::header head;
  head.layout = static_cast<std::uint32_t>(data.layout());
  head.variant = format::hash_of(variant);
  head.content = source.content;
  head.observed_ns = source.observed_ns;
  head.files = source.stamps.size();
  head.rows = data.rows();
  head.features = data.features();
  head.nonzeros = data.is_sparse() ? data.nonzeros() : 0;
  if (data.layout() == layout::dense_byte) {
    head.scale = data.bytes_view().scale;
    head.shift = data.bytes_view().shift;
  }
  return head;
}

/// Data may be confidential even where its directory is not listed.
void make_private_directory(const fs::path& directory) {
  std::error_code failure;
  if (!directory.empty() && fs::create_directories(directory, failure)) {
    fs::permissions(directory, fs::perms::owner_all, failure);
  }
  if (failure) {
    throw data_error(directory.string(),
                     "cannot make the cache's directory: " + failure.message());
  }
}

}  // namespace

fs::path cache_path(const fs::path& directory, std::span<const fs::path> files,
                    std::string_view variant) {
  std::string key(variant);
  for (const fs::path& file : files) {
    key += '\n' + fs::absolute(file).lexically_normal().string();
  }
  return directory / fmt::format("{}-{:016x}.cache",
                                 files[0].filename().string(),
                                 hash_64_of(std::as_bytes(std::span(key))));
}

bool write_cache(const fs::path& cache, const dataset& data,
                 std::span<const fs::path> files, const source_state& before,
                 std::string_view variant, unsigned threads) {
  // A young source is read again: stamps alone do not prove that the text
  // that was parsed is the text that was observed.
  const source_state now = before.settled() ? before : observe(files, threads);
  if (now.content != before.content || stamps_of(files) != before.stamps) {
    return false;
  }
  make_private_directory(cache.parent_path());
  const payload content(data);
  const auto checksums = checksums_of(content, threads);
  format::header head = header_of(data, now, variant);
  head.checksum = format::checksum(head, now.stamps, checksums);

  atomic_file out(cache);
  out.write(in_bytes(&head, 1));
  out.write(in_bytes(now.stamps.data(), now.stamps.size()));
  out.write(in_bytes(checksums.data(), checksums.size()));
  for (const auto& section : content.sections) {
    out.write(section);
  }
  out.commit();
  return true;
}

}  // namespace sounder::kernels

#include "kernels/data/source_state.hpp"

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <cstring>

#include <sys/stat.h>

#include "kernels/data/data_error.hpp"
#include "kernels/data/parallel.hpp"
#include "kernels/data/random_access_file.hpp"

namespace sounder::kernels {

namespace {

constexpr std::int64_t racy_ns = 2'000'000'000;
constexpr std::uint64_t chunk_bytes = 1U << 20U;

std::int64_t in_nanoseconds(const timespec& t) {
  return std::int64_t{t.tv_sec} * 1'000'000'000 + t.tv_nsec;
}

file_stamp stamp_of(const std::filesystem::path& file) {
  struct stat s {};
  if (stat(file.c_str(), &s) != 0) {
    throw data_error(file.string(),
                     std::string("cannot read: ") + std::strerror(errno));
  }
  if (!S_ISREG(s.st_mode)) {
    throw data_error(file.string(), "is not a regular file");
  }
  return {s.st_dev, s.st_ino, static_cast<std::uint64_t>(s.st_size),
          in_nanoseconds(s.st_mtim), in_nanoseconds(s.st_ctim)};
}

/// The hash of each chunk of the file, hashed.
hash_128 content_of(const std::filesystem::path& path, std::uint64_t bytes,
                    unsigned threads) {
  const random_access_file file(path);
  const std::uint64_t chunks = (bytes + chunk_bytes - 1) / chunk_bytes;
  std::vector<hash_128> hashes(chunks);
  std::vector<std::vector<char>> scratch(thread_count(threads));
  run_tasks(chunks, threads, [&](std::size_t i, unsigned worker) {
    scratch[worker].resize(chunk_bytes);
    char* chunk = scratch[worker].data();
    const std::uint64_t at = i * chunk_bytes;
    const std::uint64_t n = std::min(chunk_bytes, bytes - at);
    if (!file.read(chunk, n, at)) {
      throw data_error(path.string(), "changed while it was read");
    }
    hashes[i] = hash_128_of(std::as_bytes(std::span(chunk, n)));
  });
  return hash_128_of(std::as_bytes(std::span(hashes)), bytes);
}

}  // namespace

bool source_state::settled() const noexcept {
  return std::all_of(stamps.begin(), stamps.end(), [this](const auto& s) {
    return std::max(s.modified_ns, s.changed_ns) < observed_ns - racy_ns;
  });
}

std::vector<file_stamp> stamps_of(
    std::span<const std::filesystem::path> files) {
  std::vector<file_stamp> stamps;
  for (const auto& file : files) {
    stamps.push_back(stamp_of(file));
  }
  return stamps;
}

source_state observe(std::span<const std::filesystem::path> files,
                     unsigned threads) {
  using namespace std::chrono;
  source_state state;
  state.observed_ns =
      duration_cast<nanoseconds>(system_clock::now().time_since_epoch())
          .count();
  state.stamps = stamps_of(files);
  std::vector<hash_128> contents;
  for (std::size_t i = 0; i < files.size(); ++i) {
    contents.push_back(content_of(files[i], state.stamps[i].bytes, threads));
  }
  state.content = hash_128_of(std::as_bytes(std::span(contents)));
  if (stamps_of(files) != state.stamps) {
    throw data_error(files[0].string(), "changed while it was read");
  }
  return state;
}

}  // namespace sounder::kernels

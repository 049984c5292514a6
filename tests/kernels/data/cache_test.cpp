#include "kernels/data/cache.hpp"

#include <array>
#include <cstring>

#include <catch2/catch.hpp>

#include "kernels/data/cache_format.hpp"
#include "kernels/data/data_error.hpp"
#include "kernels/data/generate.hpp"
#include "tests/support/same_data.hpp"
#include "tests/support/temporary_directory.hpp"

namespace k = sounder::kernels;
namespace fs = std::filesystem;
using Catch::Matchers::Contains;
using namespace sounder::tests;

namespace {

k::dataset sparse_set(std::size_t rows = 6) {
  return k::generate_svm(
             {.rows = rows, .test_rows = 0, .features = 20, .density = 0.3})
      .train;
}

k::dataset float_set() {
  return k::generate_regression({.rows = 4, .test_rows = 0}).train;
}

k::dataset byte_set() {
  k::dense_storage storage;
  for (const std::uint8_t byte :
       std::array<std::uint8_t, 6>{1, 2, 3, 4, 5, 6}) {
    storage.bytes.push_back(byte);
  }
  storage.scale = 0.25F;
  storage.shift = -1.5F;
  return {std::move(storage), {3.0F, 4.0F}, 3};
}

/// A source file with a cache of `data`, as if that came from it.
class cached {
 public:
  explicit cached(const k::dataset& data)
      : source{where_.file("a.svm", "some text")}, file(where_ / "a.cache") {
    REQUIRE(k::write_cache(file, data, source, k::observe(source), "v"));
  }

  std::optional<k::dataset> read(std::string_view variant = "v") {
    return k::read_cache(file, source, variant, &why);
  }

  /// Replaces the cache file. (Some file systems flush one that is cut to
  /// zero and written again, which takes milliseconds.)
  void store(std::string_view content) {
    fs::remove(file);
    where_.file("a.cache", content);
  }

  /// Writes another file in the same directory.
  fs::path other(std::string_view name, std::string_view content) {
    return where_.file(name, content);
  }

 private:
  temporary_directory where_;

 public:
  std::vector<fs::path> source;
  fs::path file;
  std::string why;
};

/// The state of the files, told as if it had been observed much later.
k::source_state settled_state(std::span<const fs::path> files) {
  k::source_state state = k::observe(files);
  state.observed_ns += 3'600'000'000'000;
  return state;
}

/// Sets four bytes of the payload and makes all checksums fit again.
std::string forge(std::string cache, std::uint64_t at_payload,
                  std::uint32_t word) {
  namespace format = k::cache_format;
  format::header head;
  std::memcpy(&head, cache.data(), sizeof(head));
  std::vector<k::file_stamp> stamps(head.files);
  std::memcpy(stamps.data(), cache.data() + sizeof(head),
              stamps.size() * sizeof(k::file_stamp));
  const std::vector<std::uint64_t> sizes = {
      head.rows * 4, (head.rows + 1) * 8, head.nonzeros * 4, head.nonzeros * 4};
  const auto chunks = format::chunks_of(sizes);
  std::vector<std::uint64_t> checksums(chunks.size());
  const std::size_t tables =
      sizeof(head) + stamps.size() * sizeof(k::file_stamp);
  const std::size_t payload = tables + checksums.size() * 8;
  std::memcpy(cache.data() + payload + at_payload, &word, 4);
  for (std::size_t i = 0; i < chunks.size(); ++i) {
    checksums[i] = k::hash_64_of(std::as_bytes(
        std::span(cache).subspan(payload + chunks[i].at, chunks[i].bytes)));
  }
  head.checksum = format::checksum(head, stamps, checksums);
  std::memcpy(cache.data(), &head, sizeof(head));
  std::memcpy(cache.data() + tables, checksums.data(), checksums.size() * 8);
  return cache;
}

}  // namespace

TEST_CASE("cache: what was stored comes back, bit by bit") {
  for (const auto& set :
       {sparse_set(), sparse_set(40'000), float_set(), byte_set(),
        sparse_set(9).slice(2, 7), float_set().slice(1, 3), k::dataset()}) {
    cached c(set);

    const auto loaded = c.read();

    REQUIRE(loaded.has_value());
    REQUIRE(same_data(*loaded, set));
  }
}

TEST_CASE("cache: no flipped bit makes a different data set") {
  for (const auto& set : {sparse_set(), float_set(), byte_set()}) {
    cached c(set);
    const std::string good = content_of(c.file);
    for (std::size_t i = 0; i < good.size(); ++i) {
      for (const unsigned mask : {1U, 16U, 128U, 255U}) {
        std::string bad = good;
        bad[i] = static_cast<char>(static_cast<unsigned char>(bad[i]) ^ mask);
        c.store(bad);

        const auto loaded = c.read();

        REQUIRE((!loaded || same_data(*loaded, set)));
      }
    }
  }
}

TEST_CASE("cache: a truncated or longer file is refused") {
  cached c(sparse_set());
  const std::string good = content_of(c.file);
  for (std::size_t size = 0; size < good.size(); ++size) {
    c.store(good.substr(0, size));
    REQUIRE_FALSE(c.read().has_value());
    REQUIRE_THAT(c.why, Contains("damaged"));
  }

  c.store(good + "x");

  REQUIRE_FALSE(c.read().has_value());
}

TEST_CASE("cache: forged indices and row starts stay inside the memory") {
  const auto data = sparse_set();
  cached c(data);
  const std::string good = content_of(c.file);
  const std::uint64_t starts = data.rows() * 4;
  const std::uint64_t index = starts + (data.rows() + 1) * 8;

  c.store(forge(good, index, data.sparse().index[0]));
  REQUIRE(c.read().has_value());  // the forgery itself is sound

  c.store(forge(good, index + 4, 20));
  REQUIRE_FALSE(c.read().has_value());
  REQUIRE_THAT(c.why, Contains("index out of range"));
  for (const std::uint64_t row :
       {std::uint64_t{0}, std::uint64_t{3}, std::uint64_t{data.rows()}}) {
    c.store(forge(good, starts + row * 8, 0xffffff));
    REQUIRE_FALSE(c.read().has_value());
    REQUIRE_THAT(c.why, Contains("row starts"));
  }
}

TEST_CASE("cache: a source of another size makes it stale") {
  cached c(sparse_set());

  c.other("a.svm", "some more text");

  REQUIRE_FALSE(c.read().has_value());
  REQUIRE(c.why == "the source has changed");
}

TEST_CASE("cache: a change behind a preserved time is noticed") {
  cached c(sparse_set());
  const auto time = fs::last_write_time(c.source[0]);

  c.other("a.svm", "SOME TEXT");
  fs::last_write_time(c.source[0], time);

  REQUIRE_FALSE(c.read().has_value());
  REQUIRE(c.why == "the source has changed");
}

TEST_CASE("cache: a file put in the place of a settled source is noticed") {
  cached c(sparse_set());
  REQUIRE(k::write_cache(c.file, sparse_set(), c.source,
                         settled_state(c.source), "v"));
  REQUIRE(c.read().has_value());
  const auto time = fs::last_write_time(c.source[0]);

  fs::rename(c.other("b.svm", "SOME TEXT"), c.source[0]);
  fs::last_write_time(c.source[0], time);

  REQUIRE_FALSE(c.read().has_value());
  REQUIRE(c.why == "the source has changed");
}

TEST_CASE("cache: a source that was only touched stays valid") {
  cached c(sparse_set());

  fs::last_write_time(c.source[0],
                      fs::last_write_time(c.source[0]) + std::chrono::hours(1));

  REQUIRE(c.read().has_value());
}

TEST_CASE("cache: sources are settled two seconds after their last change") {
  constexpr std::int64_t second = 1'000'000'000;
  k::source_state state;
  state.stamps.resize(2);
  state.observed_ns = 100 * second;
  state.stamps[0].modified_ns = 10 * second;

  state.stamps[1].changed_ns = 97 * second;
  REQUIRE(state.settled());
  state.stamps[1].changed_ns = 99 * second;
  REQUIRE_FALSE(state.settled());
  state.stamps[1].changed_ns = 200 * second;  // a clock that runs ahead
  REQUIRE_FALSE(state.settled());
}

TEST_CASE("cache: other options, other files and no cache are told apart") {
  cached c(sparse_set());

  REQUIRE_FALSE(c.read("other").has_value());
  REQUIRE(c.why == "made with other options");

  c.source.push_back(c.other("b.svm", ""));
  REQUIRE_FALSE(c.read().has_value());
  REQUIRE(c.why == "the source has changed");

  fs::remove(c.file);
  REQUIRE_FALSE(c.read().has_value());
  REQUIRE(c.why == "there is none yet");
}

TEST_CASE("cache: a source that is gone leaves no answer") {
  cached c(sparse_set());

  fs::remove(c.source[0]);

  REQUIRE_FALSE(c.read().has_value());
  REQUIRE_THAT(c.why, Contains("a.svm: cannot read"));
}

TEST_CASE("cache: nothing is stored when the source changed meanwhile") {
  cached c(sparse_set());
  const auto before = k::observe(c.source);
  const std::string old = content_of(c.file);

  c.other("a.svm", "SOME TEXT");

  REQUIRE_FALSE(k::write_cache(c.file, sparse_set(9), c.source, before, "v"));
  REQUIRE(content_of(c.file) == old);
}

TEST_CASE("cache: its directory is made, for the owner alone") {
  const temporary_directory where;
  const std::vector<fs::path> source = {where.file("a.svm", "text")};
  const auto file = k::cache_path(where / "new" / "caches", source, "v");

  REQUIRE(k::write_cache(file, sparse_set(), source, k::observe(source), "v"));

  REQUIRE(fs::status(file.parent_path()).permissions() == fs::perms::owner_all);
  REQUIRE(k::read_cache(file, source, "v").has_value());
}

TEST_CASE("cache: one that cannot be written says where") {
  const temporary_directory where;
  const std::vector<fs::path> source = {where.file("a.svm", "text")};

  REQUIRE_THROWS_WITH(k::write_cache(source[0] / "c.cache", sparse_set(),
                                     source, k::observe(source), "v"),
                      Contains("a.svm: cannot make the cache's directory"));
}

TEST_CASE("cache: every file and variant has a place of its own") {
  const std::vector<fs::path> a = {"/x/a.svm"};
  const std::vector<fs::path> b = {"/y/a.svm"};
  const std::vector<fs::path> both = {"/x/a.svm", "/y/a.svm"};

  const auto place = k::cache_path("/c", a, "v");

  REQUIRE(place.parent_path() == "/c");
  REQUIRE(place != k::cache_path("/c", b, "v"));
  REQUIRE(place != k::cache_path("/c", a, "w"));
  REQUIRE(place != k::cache_path("/c", both, "v"));
  REQUIRE(place ==
          k::cache_path("/c", std::vector<fs::path>{"/x/./a.svm"}, "v"));
}

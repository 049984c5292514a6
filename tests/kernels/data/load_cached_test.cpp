#include "kernels/data/load_cached.hpp"

#include <catch2/catch.hpp>

#include "kernels/data/data_error.hpp"
#include "tests/support/same_data.hpp"
#include "tests/support/temporary_directory.hpp"

namespace k = sounder::kernels;
namespace fs = std::filesystem;
using Catch::Matchers::Contains;
using sounder::tests::same_data;
using sounder::tests::temporary_directory;

namespace {

constexpr auto text = "+1 1:0.5 3:2\n-1 2:1\n+1 3:-4\n";

}  // namespace

TEST_CASE("load_cached: the second load is a hit and the same data") {
  const temporary_directory where;
  const auto file = where.file("a.svm", text);

  const auto first = k::load_cached(file, {}, where / "cache");
  const auto second = k::load_cached(file, {}, where / "cache");

  REQUIRE_FALSE(first.hit);
  REQUIRE(first.miss == "there is none yet");
  REQUIRE(first.not_stored.empty());
  REQUIRE(second.hit);
  REQUIRE(same_data(first.data, k::load(file)));
  REQUIRE(same_data(second.data, first.data));
}

TEST_CASE("load_cached: other options never meet another's cache") {
  const temporary_directory where;
  const auto file = where.file("a.svm", text);
  k::load_options other;
  SECTION("width") { other.features = 10; }
  SECTION("first index") { other.zero_based = true; }

  k::load_cached(file, {}, where / "cache");
  const auto first = k::load_cached(file, other, where / "cache");
  const auto second = k::load_cached(file, other, where / "cache");

  REQUIRE_FALSE(first.hit);
  REQUIRE(second.hit);
  REQUIRE(same_data(second.data, k::load(file, other)));
}

TEST_CASE("load_cached: a changed source is read and cached anew") {
  const temporary_directory where;
  const auto file = where.file("a.svm", text);
  k::load_cached(file, {}, where / "cache");

  where.file("a.svm", "-1 1:0.5 3:2\n-1 2:1\n+1 3:-4\n");
  const auto changed = k::load_cached(file, {}, where / "cache");
  const auto again = k::load_cached(file, {}, where / "cache");

  REQUIRE(changed.miss == "the source has changed");
  REQUIRE(changed.data.labels()[0] == -1.0F);
  REQUIRE(again.hit);
  REQUIRE(again.data.labels()[0] == -1.0F);
}

TEST_CASE("load_cached: a damaged cache is replaced") {
  const temporary_directory where;
  const auto file = where.file("a.svm", text);
  const auto cache = k::load_cached(file, {}, where / "cache").cache;
  fs::resize_file(cache, fs::file_size(cache) - 1);

  const auto repaired = k::load_cached(file, {}, where / "cache");

  REQUIRE_THAT(repaired.miss, Contains("damaged"));
  REQUIRE(k::load_cached(file, {}, where / "cache").hit);
}

TEST_CASE("load_cached: without a place for the cache data is loaded still") {
  const temporary_directory where;
  const auto file = where.file("a.svm", text);

  const auto loaded = k::load_cached(file, {}, file / "cache");

  REQUIRE(same_data(loaded.data, k::load(file)));
  REQUIRE_THAT(loaded.not_stored, Contains("cache's directory"));
}

TEST_CASE("load_cached: a source that cannot be loaded leaves no cache") {
  const temporary_directory where;
  const auto bad = where.file("a.svm", "+1 1:oops\n");

  REQUIRE_THROWS_AS(k::load_cached(bad, {}, where / "cache"), k::data_error);
  REQUIRE_THROWS_AS(k::load_cached(where / "none", {}, where / "cache"),
                    k::data_error);
  REQUIRE_FALSE(fs::exists(where / "cache"));
}

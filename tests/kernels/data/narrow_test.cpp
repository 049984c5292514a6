#include "kernels/data/narrow.hpp"

#include <vector>

#include <catch2/catch.hpp>

#include "kernels/data/svmlight.hpp"

namespace k = sounder::kernels;

namespace {

k::dataset read(const std::string& text) {
  k::input_file file("t.svm", text);
  return k::read_svmlight(file);
}

}  // namespace

TEST_CASE("narrow: features beyond the width are left out and counted once") {
  k::dataset data = read("1 1:1 9:2\n2 3:3\n3 9:4 10:5\n4 2:6 8:7\n");
  const bool is_shared = GENERATE(false, true);
  const k::dataset other = is_shared ? data : k::dataset();

  const k::narrowed found = k::narrow(std::move(data), 3);

  const k::sparse_rows rows = found.data.sparse();
  REQUIRE(found.features_left_out == 3);
  REQUIRE(found.data.features() == 3);
  REQUIRE(std::vector(rows.start, rows.start + 5) ==
          std::vector<std::uint64_t>{0, 1, 2, 2, 3});
  REQUIRE(std::vector(rows.index, rows.index + 3) ==
          std::vector<std::uint32_t>{0, 2, 1});
  REQUIRE(std::vector(rows.value, rows.value + 3) ==
          std::vector<float>{1, 3, 6});
  REQUIRE(found.data.labels()[3] == 4);
  REQUIRE((!is_shared || other.nonzeros() == 7));
}

TEST_CASE("narrow: fewer features are widened") {
  const k::narrowed found = k::narrow(read("1 2:1\n"), 5);

  REQUIRE(found.features_left_out == 0);
  REQUIRE(found.data.features() == 5);
}

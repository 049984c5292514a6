#include "kernels/data/idx.hpp"

#include <catch2/catch.hpp>

#include "kernels/data/data_error.hpp"
#include "tests/support/compressed.hpp"
#include "tests/support/image_files.hpp"

namespace k = sounder::kernels;
using Catch::Matchers::Contains;
using sounder::tests::big_endian;
using sounder::tests::idx_images;
using sounder::tests::idx_labels;

namespace {

k::dataset read(const std::string& images, const std::string& labels) {
  k::input_file image_file("images", images);
  k::input_file label_file("labels", labels);
  return k::read_idx(image_file, label_file);
}

void require_images(const k::dataset& d, std::uint32_t count) {
  REQUIRE(d.rows() == count);
  REQUIRE(d.features() == 6);
  REQUIRE(d.layout() == k::layout::dense_byte);
  const auto rows = d.bytes_view();
  REQUIRE(rows.scale == 1.0F);
  REQUIRE(rows.shift == 0.0F);
  for (std::uint32_t i = 0; i < count; ++i) {
    REQUIRE(d.labels()[i] == static_cast<float>(i % 10));
    for (std::uint32_t j = 0; j < 6; ++j) {
      REQUIRE(rows.value[i * 6 + j] == (7 * i + 40 * j) % 256);
    }
  }
}

}  // namespace

TEST_CASE("idx: pixels and labels arrive, compressed or not") {
  require_images(read(idx_images(25), idx_labels(25)), 25);
  for (const auto& form : sounder::tests::compressed_forms) {
    require_images(read(form.of(idx_images(25)), form.of(idx_labels(25))), 25);
  }
}

TEST_CASE("idx: a file cut at any byte is an error") {
  const std::string images = idx_images(4);
  const std::string labels = idx_labels(4);
  for (std::size_t size = 1; size < images.size(); ++size) {
    REQUIRE_THROWS_WITH(read(images.substr(0, size), labels),
                        Contains("images: is cut short"));
  }
  for (std::size_t size = 1; size < labels.size(); ++size) {
    REQUIRE_THROWS_WITH(read(images, labels.substr(0, size)),
                        Contains("labels: is cut short"));
  }
}

TEST_CASE("idx: bytes after the last sample are an error") {
  REQUIRE_THROWS_WITH(read(idx_images(2) + "x", idx_labels(2)),
                      Contains("images: goes on after its last sample"));
  REQUIRE_THROWS_WITH(read(idx_images(2), idx_labels(2) + "x"),
                      Contains("labels: goes on after its last sample"));
}

TEST_CASE("idx: other magic numbers, counts and sizes are errors") {
  REQUIRE_THROWS_WITH(read(idx_labels(2), idx_labels(2)),
                      Contains("images: is not an IDX file of images: it "
                               "begins with 2049, not 2051"));
  REQUIRE_THROWS_WITH(read(idx_images(2), idx_images(2)),
                      Contains("labels: is not an IDX file of labels"));
  REQUIRE_THROWS_WITH(read(idx_images(3), idx_labels(2)),
                      Contains("labels: has 2 labels for 3 images in images"));
  REQUIRE_THROWS_WITH(read(idx_images(0), idx_labels(0)),
                      Contains("images: has no samples"));
}

TEST_CASE("idx: a header that claims too much does not take the memory") {
  const std::uint32_t most = 0xffff'ffff;
  const std::string images =
      big_endian(2051) + big_endian(4) + big_endian(most) + big_endian(most);

  REQUIRE_THROWS_WITH(read(images, idx_labels(4)),
                      Contains("images: is cut short"));
}
